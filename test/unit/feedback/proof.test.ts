// Whom a complaint is about: only what the message itself has proves it.
import { expect, test } from 'vitest';
import type { Facts } from '../../../src/feedback/facts.ts';
import { provenDelivery, type About, type ProofDeps } from '../../../src/feedback/proof.ts';

const ID = '01M89N22ZB2WGVX771VTYH4VKT';
const GOOD = `b${'0'.repeat(43)}@bounces.example`;
const TOKEN = 't'.repeat(60);
const facts = (n: number, recipient: string): Facts => ({
  account: 'default',
  user: 'shop',
  submission: ID,
  delivery: `${ID}-${n}`,
  recipient,
  sender: 'news@shop.example',
  at: 0,
});
const deps: ProofDeps = {
  deliveryOf: (address) => (address.toLowerCase() === GOOD ? `${ID}-1` : undefined),
  inToken: (token) => (token === TOKEN ? `${ID}-2` : undefined),
  factsOf: async (delivery) => facts(Number(delivery.split('-')[1]), 'x@y.example'),
  allFactsOf: async () => [facts(1, 'Ann@x.example'), facts(2, 'bob@x.example')],
};

type Given = Partial<About['original']> & Readonly<{ text?: string; way?: About['way']; to?: string[] }>;
const about = ({ text = '', way = 'open', to = [], ...original }: Given): About => ({
  complaint: {
    type: 'abuse',
    isAgainst: true,
    recipients: to,
    userAgent: '',
    sourceIp: '',
    reportedDomain: '',
  },
  original: { messageId: '', listUnsubscribe: '', returnPath: '', ...original },
  message: Buffer.from(text),
  way,
});
const found = async (given: Given): Promise<string> => {
  const one = await provenDelivery(about(given), deps);
  return typeof one === 'string' ? one : one.delivery;
};

test.each<[string, Given, string]>([
  ['a return path in the copy', { returnPath: GOOD }, `${ID}-1`],
  ['in upper case', { returnPath: GOOD.toUpperCase() }, `${ID}-1`],
  ['anywhere in the report', { text: `Original-Mail-From: <${GOOD}>` }, `${ID}-1`],
  ['behind fifty false ones', { text: `b${'1'.repeat(43)}@x.example `.repeat(50) + GOOD }, 'gone'],
  ['a false one', { returnPath: `b${'1'.repeat(43)}@bounces.example` }, 'gone'],
  ['a token of the unsubscribe field', { listUnsubscribe: `<https://x.example/t/u/${TOKEN}>` }, `${ID}-2`],
  ['a false token', { listUnsubscribe: `<https://x.example/t/u/${'u'.repeat(60)}>` }, 'gone'],
  ['a Message-ID at an open address', { messageId: `<${ID}@relay.example>`, to: ['ann@x.example'] }, 'gone'],
  [
    'a Message-ID where only providers write',
    { messageId: `<${ID}@r>`, way: 'secret', to: ['ANN@x.example'] },
    `${ID}-1`,
  ],
  ['of several recipients none is named', { messageId: `<${ID}@r>`, way: 'secret' }, 'gone'],
  ['another is named', { messageId: `<${ID}@r>`, way: 'secret', to: ['eve@x.example'] }, 'gone'],
  ['a Message-ID of somebody else', { messageId: '<abc@r>', way: 'secret', to: ['ann@x.example'] }, 'gone'],
  ['a recipient alone', { way: 'secret', to: ['ann@x.example'] }, 'gone'],
])('%s', async (_, given, want) => expect(await found(given)).toBe(want));

test('of one recipient no name is needed', async () => {
  const one = { ...deps, allFactsOf: async () => [facts(1, 'ann@x.example')] };
  const given = about({ messageId: `<${ID}@r>`, way: 'secret' });
  expect(await provenDelivery(given, one)).toMatchObject({ delivery: `${ID}-1` });
  expect(await provenDelivery(given, { ...deps, allFactsOf: async () => 'early' as const })).toBe('early');
});

test('a long text full of what looks like one costs little', async () => {
  const began = performance.now();
  for (const text of [
    `b${'a'.repeat(250_000)}`,
    'b'.repeat(250_000),
    'b0'.repeat(125_000),
    'b@'.repeat(125_000),
  ])
    expect(await found({ text })).toBe('gone');
  expect(performance.now() - began).toBeLessThan(1000);
});
