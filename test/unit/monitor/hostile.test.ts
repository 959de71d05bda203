// Events and answers as hostile or broken sources may make them: never an exception, and counters stay those of their owner.
import { expect, test } from 'vitest';
import { parseJson } from '../../../src/lib/json.ts';
import type { Event } from '../../../src/model/event.ts';
import { noticeEvent } from '../../../src/model/notice.ts';
import { transportStateSchema } from '../../../src/model/transport-state.ts';
import { pointerName, reversedName } from '../../../src/monitor/addresses.ts';
import { blocklistSchema, hasCode } from '../../../src/monitor/blocklists.ts';
import { verdictOf } from '../../../src/monitor/dnsbl.ts';
import { countedOf, readSenderKey, senderTallies, transportTallies } from '../../../src/monitor/tallies.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const ALPHABET = 'abc019.:-|@<>"\\ \n\0/é%[]{}';
const textOf = (random: (below: number) => number): string =>
  Array.from({ length: random(40) }, () => ALPHABET.charAt(random(ALPHABET.length))).join('');

const blank = noticeEvent({ type: 'trouble', at: 0, scope: '', key: '', reason: '' });
const types = ['accepted', 'delivered', 'deferred', 'bounced', 'complained', 'expired', 'opened'] as const;

test('counters of any event are of its user and transport', () => {
  const random = randomFrom(7);
  for (let n = 0; n < rounds(20_000); n++) {
    const type = types[random(types.length)] ?? 'accepted';
    const event: Event = {
      ...blank,
      type,
      user: 'shop',
      transport: 'ip1',
      headerFrom: textOf(random),
      sender: textOf(random),
      class: random(2) ? 'bad-mailbox' : textOf(random),
      reply: { code: 550, text: '' },
    };
    const { users, domains, transport } = countedOf(event);
    for (const key of senderTallies(new Map([...users, ...domains].map((key) => [key, '1']))).keys())
      expect(readSenderKey(key)).toMatchObject({ user: 'shop' });
    for (const domain of domains)
      expect(domain).toMatch(/^shop\|[a-z0-9.-]{1,253}\|(delivered|bounced|unknown|complained)$/);
    if (transport !== undefined)
      expect([...transportTallies(new Map([[transport, '1']])).keys()]).toEqual(['ip1']);
  }
});

test('what stands in Redis may be anything', () => {
  const random = randomFrom(11);
  for (let n = 0; n < rounds(5_000); n++) {
    const counters = new Map([[textOf(random), textOf(random)]]);
    transportTallies(counters);
    senderTallies(counters);
    parseJson(textOf(random), transportStateSchema);
  }
});

test('addresses, codes and answers may be anything', () => {
  const random = randomFrom(13);
  const list = blocklistSchema.parse({ name: 'x', zone: 'bl.test', quarantine: ['127.0.0.2-9'] });
  for (let n = 0; n < rounds(20_000); n++) {
    const text = textOf(random);
    reversedName(text);
    pointerName(text);
    hasCode([text], text);
    blocklistSchema.safeParse({ name: text, zone: text, quarantine: [text] });
    const verdict = verdictOf({ kind: 'found', records: [text] }, list);
    expect(verdict.kind).not.toBe('listed');
  }
});
