// What is granted: pools, domains, templates, times and limits among what the user has; everything else has its sentence.
import { describe, expect, test } from 'vitest';
import { grant, type Granter } from '../../../src/accept/grant.ts';
import type { Instructions } from '../../../src/model/instructions.ts';
import {
  domainSchema,
  templateSchema,
  userSchema,
  type Settings,
  type User,
} from '../../../src/model/settings.ts';

const NOW = Date.UTC(2026, 6, 3, 10);
const DAY = 86_400_000;
const user = (fields: object): User => userSchema.parse({ v: 1, origin: 'file', name: 'shop', ...fields });
const shop = user({
  account: 'acme',
  domains: ['shop.example', '*.news.example', 'müller.example'],
  senders: ['me@single.example'],
  pool: 'main',
  pools: ['bulk'],
  scheduleAhead: 7 * DAY,
});

const domain = (fields: object) => domainSchema.parse({ v: 1, origin: 'file', ...fields });
const template = (name: string, engine: string) =>
  templateSchema.parse({ v: 1, name, engine, versions: [1, 3] });
const settings: Pick<Settings, 'domains' | 'templates'> = {
  domains: new Map(
    [
      domain({ name: 'shop.example', account: 'acme', trackingHost: 'click.shop.example' }),
      domain({ name: 'rival.example', account: 'rival', trackingHost: 'click.rival.example' }),
    ].map((one) => [one.name, one]),
  ),
  templates: new Map(
    [
      template('acme/welcome', 'tags'),
      template('acme/invoice', 'liquid'),
      template('rival/secret', 'tags'),
      template('acme/__proto__', 'tags'),
    ].map((one) => [one.name, one]),
  ),
};

const ask = (wish: Instructions, who: User = shop) => {
  const granter: Granter = { user: who, settings, now: NOW };
  return grant(wish, granter);
};
const granted = (wish: Instructions, who?: User): Instructions => {
  const answer = ask(wish, who);
  if ('code' in answer) throw new Error(answer.text);
  return answer.instructions;
};

describe('priority', () => {
  test.each<[string, object, Instructions, number]>([
    ["nothing asked: the user's own", { priority: 4 }, {}, 4],
    ['the message may be more urgent', { priority: 3 }, { priority: 1 }, 1],
    ['but not beyond what is granted', { priority: 3, maxPriority: 2 }, { priority: 1 }, 2],
    ['the more urgent of both counts', { priority: 2 }, { priority: 5 }, 2],
    ["the user's own stands even above the cap", { priority: 1, maxPriority: 3 }, {}, 1],
  ])('%s', (_, fields, wish, priority) => expect(granted(wish, user(fields))).toEqual({ priority }));
});

describe('refused', () => {
  test.each<[string, Instructions, string, RegExp]>([
    ['a foreign pool', { pool: 'gold' }, '5.7.1', /may not use pool gold;/],
    ['a pool like a prototype', { pool: '__proto__' }, '5.7.1', /pool/],
    ['a foreign return path', { returnPathDomain: 'rival.example' }, '5.7.1', /for the return path/],
    ['a sub-domain that is not granted', { returnPathDomain: 'b.shop.example' }, '5.7.1', /return path/],
    ['the domain above a wildcard', { signingDomain: 'news.example' }, '5.7.1', /for the signature/],
    ['the domain of a single sender', { signingDomain: 'single.example' }, '5.7.1', /signature/],
    ['a foreign tracking domain', { trackingDomain: 'rival.example' }, '5.7.1', /for the links/],
    ['a foreign tracking host', { trackingDomain: 'click.rival.example' }, '5.7.1', /for the links/],
    ['no domain at all', { trackingDomain: 'shop.example/../x' }, '5.7.1', /for the links/],
    ['line ends in a domain', { signingDomain: 'shop.example\r\nX: y' }, '5.7.1', /signature/],
    ['an unknown template', { template: { name: 'nope' } }, '5.6.0', /no template nope;/],
    ["another account's template", { template: { name: 'secret' } }, '5.6.0', /no template secret/],
    ["another account's by a path", { template: { name: '../rival/secret' } }, '5.6.0', /no template/],
    ["another account's by its full name", { template: { name: 'rival/secret' } }, '5.6.0', /no template/],
    ['an unknown version', { template: { name: 'welcome', version: 2 } }, '5.6.0', /has no version 2/],
    ['Liquid without leave', { template: { name: 'invoice' } }, '5.6.0', /written in Liquid/],
    ['a time beyond the horizon', { sendAt: NOW + 7 * DAY + 1 }, '5.7.1', /at most 7 days ahead/],
  ])('%s', (_, wish, status, text) =>
    expect(ask(wish)).toMatchObject({ code: 550, status, text: expect.stringMatching(text) }),
  );
});

describe('granted', () => {
  test.each<[string, Instructions, Instructions]>([
    ['its own pool', { pool: 'main' }, { pool: 'main' }],
    ['one of its other pools', { pool: 'bulk' }, { pool: 'bulk' }],
    ['its own domain', { returnPathDomain: 'SHOP.example' }, { returnPathDomain: 'shop.example' }],
    ['a domain below a wildcard', { signingDomain: 'a.news.example' }, { signingDomain: 'a.news.example' }],
    ['one in U-labels', { signingDomain: 'MÜLLER.example' }, { signingDomain: 'xn--mller-kva.example' }],
    ['its tracking domain', { trackingDomain: 'shop.example' }, { trackingDomain: 'shop.example' }],
    ['its tracking host', { trackingDomain: 'click.shop.example' }, { trackingDomain: 'click.shop.example' }],
    ['a template', { template: { name: 'welcome' } }, { template: { name: 'welcome' } }],
    [
      'a version of it',
      { template: { name: 'welcome', version: 1, block: 'main' } },
      { template: { name: 'welcome', version: 1, block: 'main' } },
    ],
    ['a time', { sendAt: NOW + 7 * DAY }, { sendAt: NOW + 7 * DAY }],
    ['a time that has passed is now', { sendAt: NOW }, {}],
    ['a long life is cut', { ttl: 400 * DAY }, { ttl: 30 * DAY }],
    ['a short one is a second', { ttl: 0.5 }, { ttl: 1000 }],
    ['attempts', { attempts: 2 }, { attempts: 2 }],
    ['too many attempts', { attempts: 1e9 }, { attempts: 100 }],
    ['merging off is off', { merge: { off: true, fields: { a: '1' } } }, { merge: { off: true } }],
    [
      'merging not off',
      { merge: { off: false, fields: { a: '1' } } },
      { merge: { off: false, fields: { a: '1' } } },
    ],
    [
      'everything else as it is',
      { tags: ['a'], opens: true, drop: true },
      { tags: ['a'], opens: true, drop: true },
    ],
  ])('%s', (_, wish, want) => expect(granted(wish)).toEqual({ ...want, priority: 3 }));

  test('Liquid with leave', () =>
    expect(granted({ template: { name: 'invoice' } }, { ...shop, liquid: true })).toMatchObject({
      template: { name: 'invoice' },
    }));

  test('sending past the suppression list only where the operator allows it; else it is noted', () => {
    expect(granted({ bypassSuppression: true }, { ...shop, bypassSuppression: true })).toMatchObject({
      bypassSuppression: true,
    });
    const answer = ask({ bypassSuppression: true });
    expect(answer).toEqual({
      instructions: { priority: 3 },
      notes: [expect.stringMatching(/suppression list was kept/)],
    });
    expect(ask({ bypassSuppression: false })).toEqual({ instructions: { priority: 3 }, notes: [] });
  });
});
