// What went wrong in a template, as one sentence that names its part and line. Pure.
import { MAX_ALLOCATED, MAX_OUTPUT, partNames, refuse, RENDER_MS, type Part, type Refusal } from './jobs.ts';

/** What is thrown where a template makes more characters than it may. */
export const tooLong = (max: number): Error => new Error(`it makes more than ${max} characters`);

const MAX_SENTENCE = 200;

/** Sentences for what liquidjs or V8 say; what is not in here is passed on in their words. */
const sentences: readonly (readonly [RegExp, Refusal['kind'], string])[] = [
  [/^template render limit/, 'slow', `it takes longer than ${RENDER_MS} ms; its loops are too long`],
  [
    /^memory alloc limit/,
    'wrong',
    `it makes lists and texts of more than ${MAX_ALLOCATED} items and characters`,
  ],
  [/^parse length limit/, 'wrong', 'it is too long'],
  [/call stack/, 'wrong', 'its tags are nested too deeply'],
  [/string length/, 'wrong', `it makes more than ${MAX_OUTPUT} characters`],
  [
    /object to primitive|object cannot be printed/,
    'wrong',
    'an object cannot be printed; name one of its fields',
  ],
];

/** What was thrown while a part was filled in, as a refusal. */
export function explain(error: unknown, part: Part): Refusal {
  const { said, line } = read(error);
  const where = line === undefined ? partNames[part] : `${partNames[part]}, line ${line}`;
  const known = sentences.find(([pattern]) => pattern.test(said));
  if (known) return refuse(known[1], `${where}: ${known[2]}.`);
  return refuse('wrong', `${where}: ${tidy(said)}.`);
}

type Said = Readonly<{ said: string; line: number | undefined }>;

/** liquidjs puts "line:3, col:14" behind its messages; so nothing of its classes is needed here. */
function read(error: unknown): Said {
  if (!(error instanceof Error)) return { said: 'it cannot be filled in', line: undefined };
  const place = /,(?: file:.*?,)? line:(\d+), col:\d+$/.exec(error.message);
  return {
    said: place ? error.message.slice(0, place.index) : error.message,
    line: place ? Number(place[1]) : undefined,
  };
}

function tidy(said: string): string {
  const line = said.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > MAX_SENTENCE ? `${line.slice(0, MAX_SENTENCE)}…` : line.replace(/\.$/, '');
}
