// Shapes of webhooks: field by field what the receivers of other services get, verified as those services say.
import { describe, expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { eventTypes } from '../../../src/model/event.ts';
import { sampleEvent } from '../../../src/webhooks/sample.ts';
import { givenSecret, makeSecret } from '../../../src/webhooks/secrets.ts';
import { shapeNames, shapes, type ShapeName } from '../../../src/webhooks/shapes/index.ts';
import { PARAMETERS, unknownPlaces } from '../../../src/webhooks/shapes/smtpplus.ts';
import type { Ask } from '../../../src/webhooks/shapes/shape.ts';
import * as vendors from '../../support/vendor-receivers.ts';

const AT = Date.UTC(2026, 10, 25, 12, 0, 0, 250);
const URL_AS_SET = 'https://user:pw@hooks.example/in?x=1';

const base: Event = {
  v: 1,
  id: 'D.1.x',
  type: 'accepted',
  at: AT,
  account: 'default',
  user: 'shop',
  submission: '01SUB',
  delivery: '01SUB.1',
  recipient: 'Mrs.Rossi@Example.net',
  sender: 'bounce@shop.example',
  headerFrom: 'news@shop.example',
  messageId: '<m1@shop.example>',
  subject: 'Ciao è',
  campaign: 'spring',
  campaignName: 'Spring sale',
  tags: ['a', 'b'],
  metadata: { order: '7', email: 'forged@evil.example' },
};
const attempt = {
  transport: 'mx1',
  host: 'mx.example.net',
  site: 'example.net',
  address: '203.0.113.9:25',
  localAddress: '192.0.2.1',
  tls: 'TLSv1.3',
  attempt: 3,
  ms: 512,
  age: 5000,
};
const visit = {
  ip: '198.51.100.7',
  userAgent: 'Mozilla/5.0 X',
  device: 'mobile',
  client: 'Firefox',
  os: 'Android',
  country: 'IT',
} as const;
const events = {
  accepted: { ...base, size: 900 },
  deferred: {
    ...base,
    ...attempt,
    type: 'deferred',
    class: 'greylisted',
    reason: 'later',
    due: AT + 600_000,
    reply: { code: 451, status: '4.7.1', text: 'later please' },
  },
  delivered: { ...base, ...attempt, type: 'delivered', reply: { code: 250, status: '2.0.0', text: 'OK' } },
  hard: {
    ...base,
    ...attempt,
    type: 'bounced',
    class: 'bad-mailbox',
    reason: 'no such box',
    reply: { code: 550, status: '5.1.1', text: 'No such user' },
  },
  soft: {
    ...base,
    ...attempt,
    type: 'bounced',
    class: 'mailbox-full',
    reason: 'full',
    reply: { code: 552, status: '5.2.2', text: 'Over quota' },
  },
  later: {
    ...base,
    type: 'bounced',
    class: 'blocked',
    category: 'block',
    report: 'dsn',
    reason: 'A report',
    reply: { code: 554, text: 'Listed' },
  },
  expired: { ...base, ...attempt, type: 'expired', class: 'expired', reason: 'too long' },
  dropped: {
    ...base,
    type: 'dropped',
    class: 'suppressed',
    reason: 'The recipient is on the suppression list of this account.',
  },
  optedOut: {
    ...base,
    type: 'dropped',
    class: 'suppressed',
    reason: 'The recipient unsubscribed from the topic "x".',
  },
  cancelled: { ...base, type: 'cancelled', reason: 'An operator cancelled it.' },
  opened: { ...base, ...visit, type: 'opened' },
  proxied: { ...base, ...visit, type: 'opened', machine: 'proxy' },
  clicked: { ...base, ...visit, type: 'clicked', url: 'https://shop.example/?a=1&b=[x]', link: 2 },
  unsubscribed: { ...base, type: 'unsubscribed', how: 'one-click', ip: '198.51.100.7' },
  left: { ...base, type: 'unsubscribed', how: 'page', topic: '1234' },
  back: { ...base, type: 'unsubscribed', how: 'resubscribe', topic: '1234' },
  complained: { ...base, type: 'complained', class: 'abuse', report: 'arf' },
} satisfies Record<string, Event>;
type Name = keyof typeof events;

function make(shape: ShapeName, names: readonly Name[], more: Partial<Ask> = {}) {
  const { secret, publicKey = '' } = makeSecret(shapes[shape].key);
  const made = shapes[shape].make({
    id: 'msg_1',
    events: names.map((name) => events[name]),
    url: URL_AS_SET,
    method: 'POST',
    parameters: {},
    secrets: [secret],
    at: Date.now(),
    ...more,
  });
  return {
    made,
    secret,
    publicKey,
    request: { headers: made.headers, body: made.body ?? '', url: made.url },
  };
}

describe('standard', () => {
  test('is our event as it is, and verifies by each of two secrets', () => {
    const second = makeSecret('whsec').secret;
    const first = makeSecret('whsec').secret;
    const { request } = make('standard', ['delivered', 'clicked'], { secrets: [first, second] });
    const want = {
      type: 'postino.events',
      timestamp: new Date(AT).toISOString(),
      data: { events: [events.delivered, events.clicked] },
    };
    for (const secret of [first, second]) expect(vendors.standardWebhooks(secret, request)).toEqual(want);
    expect(() => vendors.standardWebhooks(makeSecret('whsec').secret, request)).toThrow('No matching');
    const forged = { ...request, body: request.body.replace('Rossi', 'Verdi') };
    expect(() => vendors.standardWebhooks(first, forged)).toThrow('No matching');
    expect(() => vendors.standardWebhooks(first, request, Date.now() + 301_000)).toThrow('tolerance');
    const stamped = {
      ...request,
      headers: { ...request.headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1000) + 1) },
    };
    expect(() => vendors.standardWebhooks(first, stamped)).toThrow('No matching');
  });
});

describe('sendgrid', () => {
  const common = {
    email: 'Mrs.Rossi@Example.net',
    timestamp: Math.floor(AT / 1000),
    'smtp-id': '<m1@shop.example>',
    category: ['a', 'b'],
    order: '7',
    sg_message_id: '01SUB.01SUB.1',
  };
  const cases: readonly (readonly [Name, Record<string, unknown>])[] = [
    ['accepted', { event: 'processed' }],
    [
      'deferred',
      {
        event: 'deferred',
        response: '451 4.7.1 later please',
        attempt: '3',
        domain: 'example.net',
        from: 'news@shop.example',
      },
    ],
    ['delivered', { event: 'delivered', response: '250 2.0.0 OK', tls: '1', ip: '192.0.2.1' }],
    [
      'hard',
      {
        event: 'bounce',
        type: 'bounce',
        reason: '550 5.1.1 No such user',
        status: '5.1.1',
        bounce_classification: 'Invalid Address',
      },
    ],
    [
      'soft',
      {
        event: 'bounce',
        type: 'blocked',
        reason: '552 5.2.2 Over quota',
        status: '5.2.2',
        bounce_classification: 'Mailbox Unavailable',
      },
    ],
    [
      'later',
      {
        event: 'bounce',
        type: 'blocked',
        reason: '554 Listed',
        status: '5.0.0',
        bounce_classification: 'Reputation',
      },
    ],
    [
      'expired',
      {
        event: 'bounce',
        type: 'blocked',
        reason: 'too long',
        status: '4.4.7',
        bounce_classification: 'Unclassified',
      },
    ],
    ['dropped', { event: 'dropped', reason: 'Bounced Address' }],
    ['optedOut', { event: 'dropped', reason: 'Unsubscribed Address' }],
    ['cancelled', { event: 'dropped', reason: 'Cancelled' }],
    ['opened', { event: 'open', useragent: 'Mozilla/5.0 X', ip: '198.51.100.7', sg_machine_open: false }],
    ['proxied', { event: 'open', sg_machine_open: true }],
    [
      'clicked',
      {
        event: 'click',
        url: 'https://shop.example/?a=1&b=[x]',
        url_offset: { index: 2, type: 'html' },
        useragent: 'Mozilla/5.0 X',
      },
    ],
    ['unsubscribed', { event: 'unsubscribe' }],
    ['left', { event: 'group_unsubscribe', asm_group_id: 1234 }],
    ['back', { event: 'group_resubscribe', asm_group_id: 1234 }],
    ['complained', { event: 'spamreport' }],
  ];
  test('one array verifies by the public key, and only unchanged', () => {
    const { request, publicKey } = make(
      'sendgrid',
      cases.map(([name]) => name),
    );
    expect(vendors.sendgrid(publicKey, request)).toHaveLength(cases.length);
    expect(() =>
      vendors.sendgrid(publicKey, { ...request, body: request.body.replace('Rossi', 'Verdi') }),
    ).toThrow();
    expect(() => vendors.sendgrid(makeSecret('ecdsa').publicKey ?? '', request)).toThrow();
  });
  test.each(cases)('%s', (name, want) => {
    const { request, publicKey } = make('sendgrid', [name]);
    const [entry] = vendors.sendgrid(publicKey, request);
    expect(entry).toMatchObject({ ...common, ...want });
    expect(String(entry?.['sg_event_id'])).toMatch(/^[\w-]{32}$/);
  });
});

describe('mailgun', () => {
  const headers = {
    to: 'Mrs.Rossi@Example.net',
    'message-id': 'm1@shop.example',
    from: 'news@shop.example',
    subject: 'Ciao è',
  };
  const common = {
    timestamp: AT / 1000,
    recipient: 'Mrs.Rossi@Example.net',
    'recipient-domain': 'example.net',
    tags: ['a', 'b'],
    campaigns: [{ id: 'spring', name: 'Spring sale' }],
    'user-variables': base.metadata,
  };
  const client = {
    'client-info': {
      'user-agent': 'Mozilla/5.0 X',
      'client-os': 'Android',
      'device-type': 'mobile',
      'client-name': 'Firefox',
    },
    geolocation: { country: 'IT' },
    ip: '198.51.100.7',
  };
  const cases: readonly (readonly [Name, Record<string, unknown>])[] = [
    ['accepted', { event: 'accepted', 'log-level': 'info', method: 'SMTP', message: { headers, size: 900 } }],
    [
      'deferred',
      {
        event: 'failed',
        severity: 'temporary',
        reason: 'generic',
        'log-level': 'warn',
        'delivery-status': {
          code: 451,
          message: 'later please',
          'enhanced-code': '4.7.1',
          'attempt-no': 3,
          'retry-seconds': 600,
          'mx-host': 'mx.example.net',
        },
      },
    ],
    [
      'delivered',
      {
        event: 'delivered',
        'delivery-status': { code: 250, message: 'OK', tls: true, 'session-seconds': 0.512, description: '' },
        envelope: {
          sender: 'bounce@shop.example',
          'sending-ip': '192.0.2.1',
          targets: 'Mrs.Rossi@Example.net',
          transport: 'smtp',
        },
        message: { headers },
      },
    ],
    [
      'hard',
      {
        event: 'failed',
        severity: 'permanent',
        reason: 'bounce',
        'log-level': 'error',
        'delivery-status': { code: 550, message: 'No such user', description: 'no such box' },
      },
    ],
    ['soft', { event: 'failed', severity: 'permanent', reason: 'generic', 'delivery-status': { code: 552 } }],
    ['expired', { event: 'failed', severity: 'permanent', reason: 'old', 'delivery-status': { code: 602 } }],
    [
      'dropped',
      { event: 'failed', severity: 'permanent', reason: 'suppress-bounce', 'delivery-status': { code: 605 } },
    ],
    [
      'optedOut',
      {
        event: 'failed',
        severity: 'permanent',
        reason: 'suppress-unsubscribe',
        'delivery-status': { code: 606 },
      },
    ],
    ['cancelled', { event: 'rejected', reject: { reason: 'An operator cancelled it.' } }],
    ['opened', { event: 'opened', ...client }],
    ['clicked', { event: 'clicked', url: 'https://shop.example/?a=1&b=[x]', ...client }],
    ['unsubscribed', { event: 'unsubscribed', ip: '198.51.100.7' }],
    ['complained', { event: 'complained', message: { headers } }],
  ];
  test.each(cases)('%s', (name, want) => {
    const { request, secret } = make('mailgun', [name]);
    const entry = vendors.mailgun(secret, request);
    expect(entry).toMatchObject({ ...common, ...want });
    expect(() => vendors.mailgun('another key of them', request)).toThrow();
  });
  test('each attempt has a token of its own, and the event the same id', () => {
    const one = make('mailgun', ['hard'], { at: AT });
    const two = make('mailgun', ['hard'], { at: AT + 5000 });
    const tokenOf = ({ body }: { body: string }) =>
      (JSON.parse(body) as { signature: { token: string } }).signature.token;
    expect(tokenOf(one.request)).not.toBe(tokenOf(two.request));
    const idOf = ({ body }: { body: string }) =>
      (JSON.parse(body) as { 'event-data': { id: string } })['event-data'].id;
    expect(idOf(one.request)).toBe(idOf(two.request));
  });
  test('a re-subscription has no word there; 406 ends an event', () => {
    expect(shapes.mailgun.word(events.back)).toBeUndefined();
    expect([200, 204, 406].every(shapes.mailgun.isTaken)).toBe(true);
    expect([199, 301, 404, 410, 500].some(shapes.mailgun.isTaken)).toBe(false);
  });
});

describe('mandrill', () => {
  const msg = {
    subject: 'Ciao è',
    email: 'Mrs.Rossi@Example.net',
    sender: 'news@shop.example',
    tags: ['a', 'b'],
    metadata: base.metadata,
  };
  const ts = Math.floor(AT / 1000);
  const cases: readonly (readonly [Name, Record<string, unknown>])[] = [
    ['accepted', { event: 'send', msg: { ...msg, state: 'sent' } }],
    [
      'deferred',
      {
        event: 'deferral',
        msg: {
          ...msg,
          state: 'deferred',
          smtp_events: [
            {
              ts,
              type: 'deferred',
              diag: '451 4.7.1 later please',
              source_ip: '192.0.2.1',
              destination_ip: '203.0.113.9',
            },
          ],
        },
      },
    ],
    [
      'delivered',
      {
        event: 'delivered',
        msg: { ...msg, state: 'sent', smtp_events: [{ type: 'sent', diag: '250 2.0.0 OK' }] },
      },
    ],
    [
      'hard',
      {
        event: 'hard_bounce',
        msg: {
          ...msg,
          state: 'bounced',
          bounce_description: 'bad_mailbox',
          bgtools_code: 10,
          diag: 'smtp;550 5.1.1 No such user',
        },
      },
    ],
    [
      'soft',
      {
        event: 'soft_bounce',
        msg: { ...msg, state: 'soft-bounced', bounce_description: 'mailbox_full', bgtools_code: 22 },
      },
    ],
    ['expired', { event: 'soft_bounce', msg: { ...msg, state: 'soft-bounced', diag: 'smtp;too long' } }],
    ['dropped', { event: 'reject', msg: { ...msg, state: 'rejected', reject: { reason: 'hard-bounce' } } }],
    ['optedOut', { event: 'reject', msg: { ...msg, state: 'rejected', reject: { reason: 'unsub' } } }],
    [
      'opened',
      {
        event: 'open',
        ip: '198.51.100.7',
        user_agent: 'Mozilla/5.0 X',
        msg: { ...msg, opens: [{ ts }] },
        location: { country_short: 'IT' },
        user_agent_parsed: { mobile: true, ua_family: 'Firefox', os_family: 'Android' },
      },
    ],
    [
      'clicked',
      {
        event: 'click',
        url: 'https://shop.example/?a=1&b=[x]',
        msg: { ...msg, clicks: [{ ts, url: 'https://shop.example/?a=1&b=[x]' }] },
      },
    ],
    ['unsubscribed', { event: 'unsub', msg: { ...msg, state: 'unsub' } }],
    ['complained', { event: 'spam', msg: { ...msg, state: 'spam' } }],
  ];
  test.each(cases)('%s', (name, want) => {
    const { request, secret } = make('mandrill', [name]);
    const [entry] = vendors.mandrill(secret, URL_AS_SET, request);
    expect(entry).toMatchObject({ ts, ...want });
    expect(String(entry?.['_id'])).toMatch(/^[0-9a-f]{32}$/);
  });
  test('the signature covers the address as it was set, and what is in the form', () => {
    const { request, secret } = make('mandrill', ['hard', 'opened', 'clicked']);
    expect(vendors.mandrill(secret, URL_AS_SET, request)).toHaveLength(3);
    expect(() => vendors.mandrill(secret, 'https://hooks.example/in?x=1', request)).toThrow();
    expect(() =>
      vendors.mandrill(secret, URL_AS_SET, { ...request, body: request.body.replace('Rossi', 'Verdi') }),
    ).toThrow();
  });
});

describe('smtpplus', () => {
  const parameters = {
    mail: '[Email]',
    what: '[EventType]',
    when: '[EventDate]',
    from: '[EventSource]',
    list: '[IdList]',
    why: '[Reason]',
    text: 'Order [Metadata:order] ([Field02]) by [User]',
    fixed: 'x&y=z',
  };
  const cases: readonly (readonly [Name, Record<string, string>])[] = [
    ['unsubscribed', { what: 'Unsubscribe', from: 'Recipient', list: 'shop', why: 'one-click' }],
    ['left', { what: 'Unsubscribe', list: '1234', why: 'page' }],
    ['back', { what: 'Subscribe', list: '1234' }],
    ['delivered', { what: 'Delivered', from: 'Console' }],
    ['hard', { what: 'Bounce', why: 'bad-mailbox' }],
    ['deferred', { what: 'Deferred' }],
    ['opened', { what: 'Open', from: 'Recipient' }],
    ['clicked', { what: 'Click' }],
    ['complained', { what: 'Complaint', why: 'abuse' }],
  ];
  test.each(cases)('%s, by POST and by GET', (name, want) => {
    const all = {
      mail: 'Mrs.Rossi@Example.net',
      when: new Date(AT).toISOString(),
      text: 'Order 7 (7) by shop',
      fixed: 'x&y=z',
      ...want,
    };
    const post = make('smtpplus', [name], { parameters });
    expect(Object.fromEntries(new URLSearchParams(post.made.body))).toMatchObject(all);
    const get = make('smtpplus', [name], { parameters, method: 'GET' });
    expect(get.made.body).toBeUndefined();
    const query = Object.fromEntries(new URL(get.made.url).searchParams);
    expect(query).toMatchObject({ x: '1', ...all });
  });
  test('is signed over the form, be it the body or the query', () => {
    const { made, secret } = make('smtpplus', ['left'], { method: 'GET', parameters });
    const body = made.url.slice(made.url.indexOf('&') + 1);
    // No JSON: what verify() of the libraries parses after it has verified.
    expect(() => vendors.standardWebhooks(secret, { headers: made.headers, body, url: '' })).toThrow(
      SyntaxError,
    );
    expect(() =>
      vendors.standardWebhooks(secret, { headers: made.headers, body: `${body}x`, url: '' }),
    ).toThrow('No matching');
  });
  test('knows the places that may stand in a parameter', () => {
    expect(Object.values(PARAMETERS).flatMap(unknownPlaces)).toEqual([]);
    expect(unknownPlaces('[Email] [Field01] [Field39] [Metadata:x] [Prefix] plain')).toEqual([]);
    expect(unknownPlaces('[Mail] [Field40] [Field00]')).toEqual(['[Mail]', '[Field40]', '[Field00]']);
  });
});

describe('every shape', () => {
  test.each(shapeNames)(
    '%s makes a request of every type that it knows, from an event with nothing in it, too',
    (name) => {
      const shape = shapes[name];
      for (const type of eventTypes)
        for (const event of [
          sampleEvent(type, { account: 'default', at: AT }),
          {
            v: 1,
            id: 'x',
            type,
            at: AT,
            account: '',
            user: '',
            submission: '',
            delivery: '',
            recipient: '',
            sender: '',
          } as Event,
        ]) {
          if (shape.word(event) === undefined) continue;
          const { secret } = makeSecret(shape.key);
          const ask = {
            id: 'msg_1',
            events: [event],
            url: 'https://h.example/',
            method: 'POST',
            parameters: {},
            secrets: [secret],
            at: AT,
          } as const;
          const made = shape.make(ask);
          expect(made.body ?? '').not.toContain('undefined');
          for (const value of Object.values(made.headers)) expect(value).toMatch(/^[\x20-\x7e]*$/);
        }
    },
  );
  test.each(shapeNames)('%s does not let what strangers wrote into its headers', (name) => {
    const shape = shapes[name];
    const nasty = 'a\r\nx-evil: 1\u0000é☃';
    const event: Event = {
      ...events.clicked,
      recipient: nasty,
      subject: nasty,
      url: nasty,
      userAgent: nasty,
      tags: [nasty],
      metadata: { [nasty]: nasty, __proto__: nasty },
    };
    const { secret } = makeSecret(shape.key);
    const made = shape.make({
      id: 'msg_1',
      events: [event],
      url: 'https://h.example/',
      method: 'GET',
      parameters: { a: '[Url]' },
      secrets: [secret],
      at: AT,
    });
    for (const value of Object.values(made.headers)) expect(value).toMatch(/^[\x20-\x7e]*$/);
    expect(made.url).toMatch(/^[\x20-\x7e]*$/);
  });
});

test('secrets that people bring', () => {
  expect(givenSecret('text', 'short')).toMatch(/16/);
  expect(givenSecret('whsec', 'whsec_AAAAAAAAAAAAAAAA')).toMatch(/16 bytes/);
  expect(givenSecret('ecdsa', 'x'.repeat(30))).toMatch(/key of ours/);
  expect(givenSecret('text', 'key-0123456789abcdef')).toMatchObject({ secret: 'key-0123456789abcdef' });
});
