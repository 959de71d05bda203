import { describe, expect, test } from 'vitest';
import { eventSchema, type Event } from '../../../src/model/event.ts';
import {
  fieldsProblem,
  learnableFields,
  learnableName,
  notesOf,
  recipientAddress,
} from '../../../src/store/recipient-facts.ts';

describe('addresses', () => {
  test.each([
    ['A@Shop.Example', 'a@shop.example'],
    [' a@b ', 'a@b'],
    ['"a b"@x.example', '"a b"@x.example'],
    ['nobody', undefined],
    ['@x.example', undefined],
    ['a@', undefined],
    ['a\n@x.example', undefined],
    [`${'a'.repeat(320)}@x.example`, undefined],
  ])('%j is %j', (text, address) => expect(recipientAddress(text)).toBe(address));
});

describe('what is learned', () => {
  test.each([
    ['a name', 'Mario Rossi ', 'Mario Rossi'],
    ['no address that stands for a name', 'mario@shop.example', ''],
    ['no line ends', 'Mario\r\nBcc: x', ''],
    ['nothing endless', 'x'.repeat(201), ''],
    ['nothing', undefined, ''],
  ])('%s', (_, name, want) => expect(learnableName(name)).toBe(want));

  test.each([
    ['firstname', 'Mario', true],
    ['postcode', '20100', true],
    ['Città', 'Milano', true],
    ['discount_code', 'X1', false],
    ['resetToken', 'abc', false],
    ['password', 'abc', false],
    ['ORDER', '17', false],
    ['-order-', '17', false],
    ['orderNumber', '17', false],
    ['invoiceno', '17', false],
    ['id', '17', false],
    ['total', '9.90', false],
    ['border', 'red', true],
    ['customer', 'Rossi', true],
    ['page', 'https://shop.example/reset/1', false],
    ['long', 'é'.repeat(101), false],
    ['fits', 'é'.repeat(100), true],
    ['empty', '', false],
    ['lines', 'a\nb', false],
    ['', 'x', false],
    ['__proto__', 'x', false],
    ['x'.repeat(101), 'x', false],
  ])('field %j with %j: %j', (name, value, kept) =>
    expect(Object.keys(learnableFields(Object.fromEntries([[name, value]])))).toEqual(kept ? [name] : []),
  );

  test('no more than 50 fields and 4 KiB, the first ones', () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`f${n}`, 'x']));
    expect(Object.keys(learnableFields(many))).toEqual(Object.keys(many).slice(0, 50));
    const large = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n}`, 'x'.repeat(200)]));
    expect(Buffer.byteLength(JSON.stringify(learnableFields(large)))).toBeLessThanOrEqual(4096);
  });

  test('hostile fields neither throw nor reach the prototype', () => {
    const hostile = JSON.parse('{"__proto__":"x","constructor":"y","toString":"z"}') as Record<
      string,
      string
    >;
    const kept = learnableFields(hostile);
    expect(Object.keys(kept)).toEqual(['constructor', 'toString']);
    expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
  });
});

describe('what people set', () => {
  test.each([
    [{ a: 'x'.repeat(201) }, 'longer than 200 bytes'],
    [{ '': 'x' }, 'cannot be one'],
    [Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`f${n}`, 'x'])), 'at most 50'],
    [Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n}`, 'x'.repeat(200)])), '4096 bytes'],
  ])('%# is refused', (fields, text) => expect(fieldsProblem(fields)).toContain(text));

  test('links are fine there', () => expect(fieldsProblem({ page: 'https://x.example' })).toBeUndefined());
});

describe('events', () => {
  const event = (type: Event['type'], more: Partial<Event> = {}): Event =>
    eventSchema.parse({
      v: 1,
      id: type,
      type,
      at: 5,
      account: 'default',
      user: 'shop',
      submission: 'S',
      delivery: 'S-1',
      recipient: 'A@x.example',
      sender: 's@shop.example',
      ...more,
    });
  const only = (...events: readonly Event[]) => notesOf(events).get('default')?.[0];

  test('are summed up by account and recipient, with the latest time', () => {
    const notes = notesOf([
      event('accepted'),
      event('delivered', { at: 9 }),
      event('accepted', { recipient: 'b@x.example' }),
      event('accepted', { account: 'other' }),
      event('accepted', { recipient: 'nonsense' }),
    ]);
    expect([...notes.keys()]).toEqual(['default', 'other']);
    expect(notes.get('default')).toMatchObject([
      { address: 'a@x.example', first: 5, last: 9, status: 'reached', counts: { accepted: 1, delivered: 1 } },
      { address: 'b@x.example', first: 5, last: 5, status: undefined, counts: { accepted: 1, delivered: 0 } },
    ]);
  });

  test.each([
    ['a bounce', [event('delivered'), event('bounced')], 'bounced'],
    ['a delivery after a bounce', [event('bounced'), event('delivered')], 'reached'],
    ['an open after an unsubscription', [event('unsubscribed'), event('opened')], 'unsubscribed'],
    ['a complaint', [event('complained'), event('delivered')], 'complained'],
    [
      'a change of mind',
      [event('unsubscribed'), event('unsubscribed', { how: 'resubscribe' })],
      'resubscribed',
    ],
    ['leaving one topic', [event('unsubscribed', { topic: 'news' })], undefined],
    ['a scanner', [event('clicked', { machine: 'scanner' })], undefined],
    ['a delay', [event('deferred'), event('expired'), event('dropped')], undefined],
  ])('%s', (_, events, status) => expect(only(...events)?.status).toBe(status));

  test('that say nothing of a recipient are passed over', () =>
    expect(notesOf([event('deferred'), event('dropped'), event('clicked', { machine: 'scanner' })])).toEqual(
      new Map(),
    ));

  test('neither a scanner nor a resubscription counts; a picture proxy does', () => {
    const note = only(
      event('opened', { machine: 'proxy' }),
      event('opened', { machine: 'scanner' }),
      event('clicked', { machine: 'scanner' }),
      event('unsubscribed', { how: 'resubscribe' }),
    );
    expect(note?.counts).toMatchObject({ opened: 1, clicked: 0, unsubscribed: 0 });
  });
});
