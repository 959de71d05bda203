// Tokens in subjects and bodies, as mail programs leave them there.
import { describe, expect, test } from 'vitest';
import { tokensIn } from '../../../src/feedback/tokens.ts';
import { cpuClock } from '../../support/cpu.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const TOKEN = `EwAB-_${'aZ09_-'.repeat(50)}x`;
const OTHER = `EwCD${'bY18'.repeat(40)}`;
const cut = (text: string, width: number, by: string): string =>
  (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(by);

describe('is found first', () => {
  test.each([
    ['alone', TOKEN],
    ['behind Re:', `Re: ${TOKEN}`],
    ['behind Re: without a space', `Re:${TOKEN}`],
    ['behind other words', `unsubscribe me please ${TOKEN}`],
    ['before other words', `${TOKEN} unsubscribe me please`],
    ['behind what a gateway adds', `[EXTERNAL] AW: ${TOKEN} `],
    ['in brackets', `<${TOKEN}>`],
    ['in quotes', `"${TOKEN}".`],
    ['in a link', `https://click.shop.example/t/u/${TOKEN}?utm_source=x`],
    ['folded once', cut(TOKEN, 200, ' ')],
    ['folded at each 70', cut(TOKEN, 70, ' ')],
    ['folded by tabs and line ends', cut(TOKEN, 76, '\r\n\t')],
    ['folded and behind Re:', `Re: ${cut(TOKEN, 76, ' ')}`],
    ['folded and behind words', `unsubscribe ${cut(TOKEN, 76, ' ')}`],
    ['folded and in brackets', `Fwd: <${cut(TOKEN, 76, ' ')}> (was: x)`],
  ])('%s', (_, text) => {
    const found = tokensIn(text);
    expect(found).toContain(TOKEN);
    expect(found.length).toBeLessThanOrEqual(12);
  });
});

test('texts are looked at in order, and nothing is tried twice', () => {
  expect(tokensIn(TOKEN, `${OTHER}\r\n${TOKEN}`)[0]).toBe(TOKEN);
  expect(tokensIn('unsubscribe', OTHER)).toEqual([OTHER]);
  expect(tokensIn(TOKEN, TOKEN)).toEqual([TOKEN]);
});

test.each([
  ['nothing', ''],
  ['words', 'please take me off this list, I have asked three times'],
  ['a short run', 'a'.repeat(39)],
  ['a run longer than tokens get', 'a'.repeat(4097)],
  ['an address', `${'a'.repeat(30)}@${'b'.repeat(30)}.example`],
])('%s is no token', (_, text) => expect(tokensIn(text)).toEqual([]));

test('whatever comes costs little and tries little', () => {
  const pieces = [' ', '\r\n', '-', '_', 'a'.repeat(50), 'é', '.', '\0', '<', TOKEN, '='];
  const next = randomFrom(7);
  const spent = cpuClock();
  for (let round = 0; round < rounds(2000); round++) {
    const text = Array.from({ length: next(400) }, () => pieces[next(pieces.length)]).join('');
    const found = tokensIn(text, text);
    expect(found.length).toBeLessThanOrEqual(12);
    expect(found.filter((one) => !/^[\w-]{40,4096}$/.test(one))).toEqual([]);
  }
  for (const unit of ['a ', 'a', `${'a'.repeat(60)} `, '- ']) tokensIn(unit.repeat(200_000));
  expect(spent(), 'milliseconds').toBeLessThan(5000);
});
