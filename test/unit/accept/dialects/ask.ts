// Asks the dialects as a message does: header lines go in, what is asked for comes out; and runs a dialect's table of cases.
import { describe, expect, test } from 'vitest';
import type { Asked, Dialect, Wish } from '../../../../src/accept/dialects/index.ts';
import { readHeader } from '../../../../src/accept/parse.ts';
import { scanHeaders } from '../../../../src/mail/headers.ts';
import type { Instructions } from '../../../../src/model/instructions.ts';

export const NOW = Date.UTC(2026, 2, 2, 10);

/** What a message with these header lines asks for. */
export function ask(...lines: readonly string[]): Wish {
  const from = lines.some((line) => /^from:/i.test(line)) ? [] : ['From: Shop <me@shop.example>'];
  return askRaw([...from, ...lines].map((line) => `${line}\r\n`).join(''));
}

export function askRaw(fields: string | Buffer): Wish {
  const message = Buffer.concat([Buffer.from(fields), Buffer.from('\r\nbody\r\n')]);
  const block = scanHeaders(message);
  const facts = readHeader(message.subarray(0, block.size), block, message.length, NOW);
  if ('code' in facts) throw new Error(facts.text);
  return facts.wish;
}

/** The sentence that a refusal says, or what was asked for. */
export function answer(...lines: readonly string[]): string | Asked {
  const wish = ask(...lines);
  if (!wish.ok) return `${wish.field} ${wish.must}`;
  const { ok: _, ...asked } = wish;
  return asked;
}

/** Header lines, or the JSON object of the dialect's field; then the instructions, or all that is asked, or a refusal. */
export type Case = readonly [
  lines: string | readonly string[],
  want: Instructions | { asked: Asked } | RegExp,
];
export type Cases = Readonly<Record<string, readonly Case[]>>;

/** Runs the cases by field: each field that the dialect's docs call supported has at least one. */
export function runCases(dialect: Dialect, cases: Cases, header?: string): void {
  const supported = dialect.docs.filter((doc) => doc.status === 'supported').map((doc) => doc.field);

  test('every supported field has cases, and every case a field', () => {
    expect(Object.keys(cases).sort()).toEqual([...supported].sort());
    expect(new Set(supported).size).toBe(supported.length);
  });

  describe.each(Object.entries(cases))('%s', (_, table) => {
    test.each(table.map(([lines, want]) => [lines, want] as const))('%j', (lines, want) => {
      const written = typeof lines === 'string' ? [header ? `${header}: ${lines}` : lines] : lines;
      const said = answer(...written);
      if (want instanceof RegExp) return expect(said).toMatch(want);
      expect(said).toEqual('asked' in want ? want.asked : { instructions: want });
    });
  });

  const ignored = dialect.docs.filter((doc) => doc.status === 'ignored');
  test.each(ignored.map((doc) => doc.field))('%s is ignored', (field) => {
    const nested = field.split('.').reduceRight<unknown>((inside, name) => ({ [name]: inside }), 'x');
    const said = answer(header ? `${header}: ${JSON.stringify(nested)}` : `${field.replace('/', '-')}: x`);
    expect(said).toMatchObject({ instructions: {} });
    expect(Object.keys((said as Asked).instructions)).toEqual([]);
  });
}
