// Slow CSS: a letter that was made once is made the same again, however slow the machine is that day.
import { describe, expect, test } from 'vitest';
import type { Made } from '../../../../src/compose/worker/jobs.ts';
import { refuse } from '../../../../src/compose/worker/jobs.ts';
import {
  bytesOf,
  composeOf,
  crlf,
  deliveryOf,
  MODERN_PEER,
  submissionOf,
  waits,
} from '../../../support/letters.ts';

const SLOW = refuse('slow', 'It takes too long.');
const message = Buffer.from(
  crlf(
    'From: orders@shop.example\nTo: ann@mail.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html\n\n<style>p{}</style><p>Hi</p>\n',
  ),
);
const submission = submissionOf(message, { instructions: { inlineCss: true }, treatment: {} });

let deliveries = 0;
/** Attempts at one delivery, each in a process of its own; `s`: the CSS is slow then. What went out: inlined, as it is, none. */
async function attempts(course: string): Promise<string> {
  const id = `${submission.id}-${++deliveries}`;
  const letters = new Set<string>();
  let out = '';
  for (const [index, day] of course.split('').entries()) {
    const made: Made<string> = day === 's' ? SLOW : { ok: true, output: '<p style="">Hi</p>' };
    const compose = composeOf(message, {
      workshop: {
        render: () => Promise.reject(new Error('not asked')),
        inlineCss: () => Promise.resolve(made),
      },
    });
    const delivery = deliveryOf(submission, { id, attempts: index + 1 });
    const result = await compose.render(submission, delivery)(MODERN_PEER);
    if ('refusal' in result) {
      expect(result.refusal.status).toBe('4.3.2');
      out += '-';
      continue;
    }
    const bytes = bytesOf(result.letter).toString('latin1');
    letters.add(bytes);
    out += bytes.includes('style=3D""') ? 'i' : 'a';
    expect(result.letter.notes?.join() ?? '').toBe(
      out.endsWith('a') ? 'The CSS was not inlined. It took too long each time.' : '',
    );
  }
  expect(letters.size).toBeLessThanOrEqual(1);
  return out;
}

describe('attempts', () => {
  test.each([
    ['in the first one it is inlined, and in all others', 'ffffff', 'iiiiii'],
    ['three were slow: as it is, also when it would be fast again', 'sssffsf', '---aaaa'],
    ['slow for ever', 'ssssss', '---aaa'],
    ['it was inlined before: waits until it is again', 'fssssf', 'i----i'],
    ['it was inlined in the second', 'sfsssssf', '-i-----i'],
    ['it was inlined in the third', 'ssfssf', '--i--i'],
  ])('%s', async (_, course, want) => {
    expect(await attempts(course)).toBe(want);
  });

  test('two recipients of one message each go their own way', async () => {
    let day: Made<string> = SLOW;
    const compose = composeOf(message, {
      workshop: {
        render: () => Promise.reject(new Error('not asked')),
        inlineCss: () => Promise.resolve(day),
      },
    });
    const make = async (name: string, count: number): Promise<string> => {
      const delivery = deliveryOf(submission, { id: `${submission.id}-${name}`, attempts: count });
      const result = await compose.render(submission, delivery)(MODERN_PEER);
      if ('refusal' in result) return '-';
      return bytesOf(result.letter).includes('style=3D""') ? 'i' : 'a';
    };
    const both = (count: number) => Promise.all([make('901', count), make('902', count)]);
    expect([await both(1), await both(2), await make('901', 3)]).toEqual([['-', '-'], ['-', '-'], '-']);
    day = { ok: true, output: '<p style="">Hi</p>' };
    expect(await make('902', 3)).toBe('i');
    expect(await both(4)).toEqual(['a', 'i']);
    expect(await waits.count(deliveryOf(submission, { id: `${submission.id}-902` }))).toBe(2);
  });
});
