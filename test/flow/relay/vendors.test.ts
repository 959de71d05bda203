// Customers of other services change host, user and password: their messages arrive personalised, tracked, unsubscribable, signed.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idIn } from '../../support/sender.ts';
import { SIGNED, startTreated, type Arrived, type Treated } from '../../support/treated.ts';
import { until } from '../../support/until.ts';
import { vendorMessages, type VendorMessage, type WantedLetter } from '../../support/vendor-messages.ts';

const CONTROL = /^(?:x-(?:smtpapi|msys-api|mc-|mailgun-|pm-|mj-|mailjet-|ses-|sg-|postino-)|bcc)/im;

let treated: Treated;

beforeAll(async () => {
  treated = await startTreated({
    users: {
      // What the service's dashboard said is now said here, once.
      shop: {
        defaults: { unsubscribe: true, opens: true, clicks: 'all' },
        footer: { html: '<p>Negozio srl, Via Roma 1</p>', text: 'Negozio srl, Via Roma 1' },
      },
    },
  });
});
afterAll(() => treated.close());

const withField = ({ data }: VendorMessage, field: string): string =>
  `${field}\r\n${data.replace(CONTROL, 'X-Was-$&')}`;

function expectText(letter: Arrived, wanted: WantedLetter): void {
  expect(letter.subject).toBe(wanted.subject);
  expect(letter.to).toEqual(wanted.to);
  for (const piece of wanted.html) expect(letter.html).toContain(piece);
  for (const piece of wanted.text) expect(letter.text).toContain(piece);
  for (const link of wanted.untouched) expect(letter.html).toContain(link);
}

function expectSecrecy(letter: Arrived, wanted: WantedLetter, { secrets }: VendorMessage): void {
  expect(letter.raw).not.toMatch(CONTROL);
  const everything = `${letter.raw}\n${letter.html}\n${letter.text}\n${letter.subject}`;
  for (const secret of [...secrets, ...wanted.foreign]) expect(everything).not.toContain(secret);
  // Nor is anything to be read in tokens.
  const tokens = everything.match(/(?<=\/t\/[cou]\/)[\w-]+/g) ?? [];
  expect(tokens.length).toBeGreaterThan(2);
  for (const token of tokens)
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(
      /mail\.test|shop|\.example|orders/,
    );
}

async function expectLinks(letter: Arrived, wanted: WantedLetter): Promise<void> {
  const targets = async (links: readonly string[]): Promise<unknown> =>
    Promise.all(links.map(async (link) => (await treated.visit(link)).location));
  expect(await targets(letter.links.html)).toEqual(wanted.targets.html);
  expect(await targets(letter.links.text)).toEqual(wanted.targets.text);
  expect(await treated.visit(letter.pixel ?? '')).toMatchObject({ status: 200, type: 'image/gif' });
}

function expectUnsubscribe(letter: Arrived): void {
  expect(letter.unsubscribe).toMatch(/^https:\/\/click\.shop\.example\/t\/u\/[\w-]+$/);
  expect(letter.fields('list-unsubscribe')).toHaveLength(1);
  expect(letter.fields('list-unsubscribe-post')).toEqual(['List-Unsubscribe=One-Click']);
  for (const signature of letter.fields('dkim-signature'))
    expect(signature.replace(/\s/g, '')).toMatch(/h=[^;]*list-unsubscribe:[^;]*list-unsubscribe-post/i);
}

describe.each(vendorMessages.map((message) => [message.vendor, message] as const))('%s', (_, message) => {
  const { letters, labels } = message;

  test('the message arrives as its sender is used to', async () => {
    expect(await treated.send(message)).not.toBe('');
    for (const wanted of letters) {
      const letter = await treated.arrived(wanted.address);
      expectText(letter, wanted);
      expectSecrecy(letter, wanted, message);
      expectUnsubscribe(letter);
      await expectLinks(letter, wanted);
      expect(await treated.signatures(letter)).toEqual(SIGNED);
    }
  });

  test('the events carry its labels', async () => {
    for (const { address } of letters)
      for (const type of ['accepted', 'delivered', 'opened', 'clicked'] as const)
        expect(await treated.event(type, address)).toMatchObject(labels);
    const [first] = letters;
    expect((await treated.event('clicked', first?.address ?? '')).url).toBe(first?.targets.html[0]);
  });

  test('one click unsubscribes, and the next message is refused', async () => {
    const address = letters[0]?.address ?? '';
    const letter = await treated.arrived(address);
    const page = await treated.visit(letter.unsubscribe ?? '');
    expect(page.status).toBe(200);
    expect(page.body).toContain('@mail.test<');
    const body = 'List-Unsubscribe=One-Click';
    expect(await treated.visit(letter.unsubscribe ?? '', { method: 'POST', body })).toMatchObject({
      status: 200,
      location: undefined,
    });
    const event = await treated.event('unsubscribed', address);
    expect(event).toMatchObject({ ...labels, how: 'one-click' });
    expect(event.topic).toBe(message.topic);
    const before = treated.world.mx.good.messages.filter(({ to }) => to === address).length;
    const again = await treated.talk({ ...message, data: message.data.replace('-1@shop', '-2@shop') });
    if (message.topic === undefined)
      expect(again.at(-1)).toMatch(/^550 5\.7\.1 This address is on your suppression list/);
    else {
      // The topic stands in the header, after RCPT: it is taken and dropped.
      expect(idIn(again)).not.toBe('');
      await until(() =>
        treated.relay.events().some(({ type, recipient }) => type === 'dropped' && recipient === address),
      );
    }
    expect(treated.world.mx.good.messages.filter(({ to }) => to === address)).toHaveLength(before);
  });

  test('a mistake in its control field is refused with the place', async () => {
    const { field, says } = message.broken;
    const [last] = (
      await treated.talk({ rcpt: ['nobody@mail.test'], data: withField(message, field) })
    ).slice(-1);
    expect(last).toMatch(/^550 5\.6\.0 /);
    expect(last).toContain(says);
  });
});
