// Tokens: what goes in comes out, the same again is the same, and nothing that was changed opens.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { newId } from '../../../src/lib/ids.ts';
import { makeReader, packDelivery, packNumber, packText } from '../../../src/tracking/bytes.ts';
import { readDetails, readTopics, type Facts } from '../../../src/tracking/facts.ts';
import { makeSealing, periodOf } from '../../../src/tracking/sealing.ts';
import { makeTokens } from '../../../src/tracking/token.ts';

const DAY = 86_400_000;
const AT = Date.UTC(2026, 4, 17, 9);
const secret = Buffer.alloc(32, 7);
const tokens = makeTokens(secret);
const facts: Facts = {
  delivery: `${newId(AT)}-1`,
  account: 'default',
  user: 'shop',
  recipient: 'anna.rossi@example.net',
  sender: 'bounces@shop.example',
  headerFrom: 'news@shop.example',
  campaign: 'spring',
  campaignName: 'Spring sale',
  tags: ['order', 'ünïcode'],
  metadata: { order: '12345', empty: '' },
  topic: 'news',
  topics: ['news', 'offers'],
  lang: 'it',
};
const target = 'https://shop.example/a?b=c&d=%20#e';
const details = {
  sender: 'bounces@shop.example',
  headerFrom: 'news@shop.example',
  campaign: 'spring',
  campaignName: 'Spring sale',
  tags: ['order', 'ünïcode'],
  metadata: { order: '12345', empty: '' },
};
const subject = {
  delivery: facts.delivery,
  account: 'default',
  user: 'shop',
  recipient: 'anna.rossi@example.net',
  details,
  at: AT,
};

test('a token carries all that its hit tells', () => {
  const sealed = tokens.seal(facts);
  expect(tokens.openClick(sealed.click(3, target) ?? '')).toEqual({ ...subject, link: 3, target });
  expect(tokens.openPixel(sealed.open())).toEqual(subject);
  const { topic, topics, lang } = facts;
  expect(tokens.openUnsubscribe(sealed.unsubscribe())).toEqual({ ...subject, topic, topics, lang });
  expect(sealed.kept()).toEqual([]);
});

test('what is absent stays absent', () => {
  const { delivery } = facts;
  const least = tokens.seal({ delivery, account: 'acme', user: 'u', recipient: 'a@b.example', sender: '' });
  expect(tokens.openUnsubscribe(least.unsubscribe())).toEqual({
    delivery,
    account: 'acme',
    user: 'u',
    recipient: 'a@b.example',
    details: { sender: '' },
    at: AT,
    topic: undefined,
    topics: [],
    lang: undefined,
  });
});

test.each([
  ['https://shop.example/'],
  ['http://shop.example/'],
  ['HTTPS://Shop.Example/Ü?q=ä'],
  ['https://https://http://x'],
  [`https://shop.example/${'x'.repeat(1400)}`],
])('the target %s comes out as it went in', (url) => {
  expect(tokens.openClick(tokens.seal(facts).click(0, url) ?? '')?.target).toBe(url);
});

test('the same input gives the same token, in another process too', () => {
  const again = makeTokens(Buffer.alloc(32, 7));
  for (const one of [tokens, tokens, again]) {
    const sealed = one.seal(structuredClone(facts));
    expect(sealed.click(3, target)).toBe(tokens.seal(facts).click(3, target));
    expect(sealed.open()).toBe(tokens.seal(facts).open());
    expect(sealed.unsubscribe()).toBe(tokens.seal(facts).unsubscribe());
  }
  // A change of the format would break links that are out: this one must open for ever.
  const fixed = { ...facts, delivery: '01KRTCWR40000000000000000A-12' };
  const token = makeTokens(secret).seal(fixed).click(1, target) ?? '';
  expect(createHash('sha256').update(token).digest('hex').slice(0, 16)).toBe('8cc8d6621c52281f');
});

test('links of one letter share no text that tells them apart from chance', () => {
  const sealed = tokens.seal(facts);
  const [one, two] = [sealed.click(0, target) ?? '', sealed.click(1, target) ?? ''];
  const same = one.split('').filter((char, i) => char === two[i]).length;
  expect(same).toBeLessThan(one.length / 4); // by chance 1 of 64, and the four characters of the head
  expect(one.slice(0, 4)).toBe(two.slice(0, 4));
});

/** How base64 writes a word at each of its three places in a group, without the characters that depend on its neighbours. */
const asBase64 = (word: string): string[] =>
  ['', 'x', 'xx'].map((lead) =>
    Buffer.from(lead + word)
      .toString('base64url')
      .slice(lead.length + 1, -2),
  );

test.each(['anna', 'rossi', 'example', 'shop', 'order', '12345', 'spring', 'news', '@'])(
  '%s cannot be read in a token',
  (word) => {
    const sealed = tokens.seal(facts);
    const forms = asBase64(word).filter((form) => form.length >= 4);
    for (const token of [sealed.click(0, target) ?? '', sealed.open(), sealed.unsubscribe()]) {
      if (word.length > 3) expect(Buffer.from(token, 'base64url').includes(word)).toBe(false);
      for (const form of forms) expect(token).not.toContain(form);
    }
    expect(asBase64('anna.rossi@example.net').every((form) => form.length > 20)).toBe(true);
  },
);

describe('nothing else opens', () => {
  const sealed = tokens.seal(facts);
  const click = sealed.click(3, target) ?? '';

  test('a token is of one kind', () => {
    for (const open of [tokens.openPixel, tokens.openUnsubscribe]) expect(open(click)).toBeUndefined();
    for (const token of [sealed.open(), sealed.unsubscribe()])
      expect(tokens.openClick(token)).toBeUndefined();
  });

  test('every single changed bit is noticed', () => {
    const bytes = Buffer.from(click, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(tokens.openClick(forged.toString('base64url'))).toBeUndefined();
    }
  });

  test('every cut is noticed', () => {
    for (let length = 0; length < click.length; length++) {
      expect(tokens.openClick(click.slice(0, length))).toBeUndefined();
      expect(tokens.openClick(click.slice(length + 1))).toBeUndefined();
    }
  });

  test.each([
    ['nothing', ''],
    ['more at the end', `${click}AAAA`],
    ['one more character', `${click}A`],
    ['padding', `${click}=`],
    ['white space', ` ${click}`],
    ['a character that decoders pass over', `${click.slice(0, 9)}.${click.slice(9)}`],
    ['the other alphabet', click.replace(/[-_]/g, (char) => (char === '-' ? '+' : '/'))],
    ['upper case', click.toUpperCase()],
    ['very much', 'A'.repeat(100_000)],
    ['no base64 at all', '../../etc/passwd'],
    ['a null character', `${click}\0`],
    ['bytes of chance', createHash('sha512').update('x').digest('base64url')],
  ])('%s', (_, token) => {
    for (const open of [tokens.openClick, tokens.openPixel, tokens.openUnsubscribe])
      expect(open(token)).toBeUndefined();
  });

  test('a token of another installation', () => {
    const other = makeTokens(Buffer.alloc(32, 8));
    expect(other.openClick(click)).toBeUndefined();
    expect(tokens.openClick(other.seal(facts).click(3, target) ?? '')).toBeUndefined();
  });

  test('a token of another period than its delivery, though it was sealed here', () => {
    const sealing = makeSealing(secret);
    const plain = sealing.open('click', click)?.plain ?? Buffer.alloc(0);
    expect(tokens.openClick(sealing.seal('click', periodOf(AT), plain))).toBeDefined();
    expect(tokens.openClick(sealing.seal('click', periodOf(AT) + 1, plain))).toBeUndefined();
  });

  test('sealed bytes that are no facts', () => {
    const sealing = makeSealing(secret);
    const period = periodOf(AT);
    const delivery = packDelivery(facts.delivery) ?? Buffer.alloc(0);
    const hostile = [
      Buffer.alloc(0),
      Buffer.alloc(16, 255),
      Buffer.alloc(3000, 255),
      delivery,
      Buffer.concat([delivery, packText(''), packText(''), packText(''), packNumber(0), packNumber(2 ** 34)]),
      Buffer.concat([delivery, packText(''), packText(''), packText(''), packNumber(1)]),
      Buffer.concat([delivery, Buffer.alloc(9, 128)]),
    ];
    for (const plain of hostile)
      for (const kind of ['click', 'open', 'unsubscribe'] as const) {
        const token = sealing.seal(kind, period, plain);
        expect(tokens.openClick(token)).toBeUndefined();
        expect(tokens.openPixel(token)).toBeUndefined();
        expect(tokens.openUnsubscribe(token)).toBeUndefined();
      }
  });
});

test('keys change every 30 days, and old tokens still open', () => {
  const day = (n: number) => tokens.seal({ ...facts, delivery: `${newId(AT + n * DAY)}-1` });
  const heads = [0, 30, 60, 365].map((n) => day(n).open().slice(0, 4));
  expect(new Set(heads).size).toBe(4);
  const late = makeTokens(secret);
  for (const n of [0, 30, 60, 365, 3650]) expect(late.openPixel(day(n).open())?.at).toBe(AT + n * DAY);
  expect(periodOf(0)).toBe(0);
  expect(periodOf(30 * DAY - 1)).toBe(0);
  expect(periodOf(30 * DAY)).toBe(1);
});

test('a stranger who names all periods fills no memory, and the right keys are found again', () => {
  const token = tokens.seal(facts).open();
  for (let period = 0; period < 3000; period++) {
    const bytes = Buffer.from(token, 'base64url');
    bytes.writeUInt16BE(period, 1);
    if (period !== periodOf(AT)) expect(tokens.openPixel(bytes.toString('base64url'))).toBeUndefined();
  }
  expect(tokens.openPixel(token)).toEqual(subject);
});

describe('what is long is kept elsewhere, by its hash', () => {
  test('a target over 1,500 characters', () => {
    const long = `https://shop.example/${'x'.repeat(1480)}`;
    const sealed = tokens.seal(facts);
    const token = sealed.click(0, long) ?? '';
    expect(token.length).toBeLessThan(300);
    const [kept] = sealed.kept();
    expect(kept?.text).toBe(long);
    expect(kept?.key).toMatch(/^[\w-]{22}$/);
    expect(tokens.openClick(token)?.target).toEqual({ stored: kept?.key });
    expect(tokens.seal(facts).click(0, long)).toBe(token);
    sealed.click(1, long);
    expect(sealed.kept()).toHaveLength(1);
  });

  test('a target is measured in bytes', () => {
    const sealed = tokens.seal(facts);
    const long = `https://shop.example/${'你'.repeat(600)}`;
    expect(tokens.openClick(sealed.click(0, long) ?? '')?.target).toEqual({ stored: sealed.kept()[0]?.key });
  });

  test.each([
    ['links and pixels: over 700 bytes of tags and metadata', 'openPixel', 'open', 600],
    ['List-Unsubscribe: over 200', 'openUnsubscribe', 'unsubscribe', 100],
  ] as const)('%s, the same for all recipients', (_, open, make, size) => {
    const labels = { tags: ['a'.repeat(size - 30)], metadata: {} };
    const one = tokens.seal({ ...facts, ...labels });
    expect(tokens[open](one[make]())?.details).not.toHaveProperty('stored');
    expect(one.kept()).toEqual([]);
    const more = { tags: ['a'.repeat(size)], metadata: { b: 'c'.repeat(100) } };
    const long = tokens.seal({ ...facts, ...more });
    const opened = tokens[open](long[make]());
    const [kept] = long.kept();
    expect(opened?.details).toEqual({ stored: kept?.key });
    expect(readDetails(kept?.text ?? '')).toEqual({ ...details, ...more });
    const other = tokens.seal({ ...facts, ...more, recipient: 'bob@example.net' });
    other[make]();
    expect(other.kept()).toEqual(long.kept());
    expect(opened).toMatchObject({ account: 'default', user: 'shop', recipient: facts.recipient });
  });

  test('what may not be kept is left out, the least needed first, and all tokens open', () => {
    const asked: string[] = [];
    const refuse = (_: unknown, what: string): boolean => asked.push(what) === 0;
    const labels = { tags: Array.from({ length: 20 }, () => 't'.repeat(255)) };
    const sealed = tokens.seal({ ...facts, ...labels, topics: ['t'.repeat(200)] }, refuse);
    const { tags: _, metadata: _m, campaignName: _n, ...left } = details;
    expect(sealed.click(0, `https://shop.example/${'x'.repeat(1480)}`)).toBeUndefined();
    expect(tokens.openClick(sealed.click(0, target) ?? '')).toEqual({
      ...subject,
      details: left,
      link: 0,
      target,
    });
    expect(tokens.openPixel(sealed.open())?.details).toEqual(left);
    expect(tokens.openUnsubscribe(sealed.unsubscribe())).toMatchObject({ details: left, topics: [] });
    expect(asked).toEqual(['target', 'details', 'details', 'topics']);
    expect(sealed.kept()).toEqual([]);
  });

  test('many topics', () => {
    const topics = Array.from({ length: 25 }, (_, i) => `${i} ${'ä'.repeat(98)}`);
    const sealed = tokens.seal({ ...facts, topics });
    const opened = tokens.openUnsubscribe(sealed.unsubscribe());
    const [kept] = sealed.kept();
    expect(opened?.topics).toEqual({ stored: kept?.key });
    expect(readTopics(kept?.text ?? '')).toEqual(topics);
  });

  test.each([['[1]'], ['{'], ['null'], ['"x"']])('%s is no list of topics', (text) => {
    expect(readTopics(text)).toEqual([]);
    expect(readDetails(text)).toBeUndefined();
  });
});

test('with everything as long as it may be, List-Unsubscribe still fits into a line', () => {
  const longest: Facts = {
    delivery: `${newId(AT)}-999999999`,
    account: 'a'.repeat(64),
    user: 'u'.repeat(64),
    recipient: `${'r'.repeat(64)}@${'d'.repeat(190)}`,
    sender: `${'s'.repeat(64)}@${'d'.repeat(190)}`,
    headerFrom: `${'f'.repeat(64)}@${'d'.repeat(190)}`,
    campaign: 'c'.repeat(255),
    campaignName: 'n'.repeat(255),
    tags: Array.from({ length: 20 }, () => 't'.repeat(255)),
    metadata: { m: 'v'.repeat(60_000) },
    topic: 'ü'.repeat(100),
    topics: Array.from({ length: 25 }, () => 'ü'.repeat(100)),
    lang: 'de-AT',
  };
  for (const admits of [true, false]) {
    const sealed = tokens.seal(longest, () => admits);
    const line = `List-Unsubscribe: <https://click.a-rather-long-name.shop.example/t/u/${sealed.unsubscribe()}>,`;
    expect(line.length).toBeLessThan(998);
    expect(tokens.openUnsubscribe(sealed.unsubscribe())).toMatchObject({ recipient: longest.recipient });
    const click = sealed.click(999, `https://shop.example/${'x'.repeat(1479)}`) ?? '';
    expect(tokens.openClick(click)?.recipient).toBe(longest.recipient);
    expect(tokens.openPixel(sealed.open())?.recipient).toBe(longest.recipient);
  }
  const fullest = { ...longest, tags: [], metadata: { m: 'v'.repeat(430) } };
  const click = tokens
    .seal({ ...fullest, headerFrom: fullest.sender, campaign: '', user: 'u' })
    .click(1, target);
  expect(click?.length).toBeLessThan(2000);
});

test('a delivery of another form than ours is a bug, and said to be one', () => {
  for (const delivery of ['', 'S1-1', `${newId(AT)}`, `${newId(AT)}-0`, `${newId(AT).toLowerCase()}-1`])
    expect(() => tokens.seal({ ...facts, delivery })).toThrow(/is not a delivery's id/);
});

test('numbers, texts and ids come out of their bytes as they went in', () => {
  for (const value of [0, 1, 127, 128, 16_383, 16_384, 999_999_999, 2 ** 31, 2 ** 34])
    expect(makeReader(packNumber(value)).number()).toBe(value);
  for (let i = 0; i < 500; i++) {
    const id = `${newId(AT * (1 + i / 100))}-${i + 1}`;
    const reader = makeReader(packDelivery(id) ?? Buffer.alloc(0));
    expect(reader.delivery()).toBe(id);
    expect(reader.ok()).toBe(true);
    reader.take(1);
    expect(reader.ok()).toBe(false);
  }
});
