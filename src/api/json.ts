// Bodies of requests as JSON: bounded in depth and number of names before anything is made of them. Pure.
import { problem, type Problem } from './problem.ts';

/** `value` is undefined where there is no body. */
export type Body = Readonly<{ ok: true; value: unknown } | { ok: false; problem: Problem }>;

const MAX_DEPTH = 32;
/** Colons outside of texts: a batch of 1,000 recipients with 50 values each, and room. */
const MAX_NAMES = 100_000;
const MAX_ITEMS = 200_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const decoder = new TextDecoder('utf-8', { fatal: true });

export function readJson(bytes: Buffer): Body {
  if (bytes.length === 0) return { ok: true, value: undefined };
  const excess = excessOf(bytes);
  if (excess !== undefined) return bad(`The JSON has ${excess}; send less at a time.`);
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    return { ok: true, value };
  } catch {
    return bad('The body is not JSON in UTF-8.');
  }
}

function bad(detail: string): Body {
  return { ok: false, problem: problem(400, 'Bad request', detail) };
}

/** Why it is more than anybody means to send. Looks at the structure alone, and passes over texts. */
function excessOf(bytes: Buffer): string | undefined {
  let depth = 0;
  let names = 0;
  let items = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfText(bytes, at);
    else if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    else if (byte === 0x3a) names++;
    else if (byte === 0x2c) items++;
    if (depth > MAX_DEPTH) return `more than ${MAX_DEPTH} levels`;
    if (names > MAX_NAMES) return `more than ${MAX_NAMES} names`;
    if (items > MAX_ITEMS) return `more than ${MAX_ITEMS} items`;
  }
  return undefined;
}

/** Where the text that begins at `at` ends; the end of all where it does not. */
function endOfText(bytes: Buffer, at: number): number {
  for (let end = bytes.indexOf(QUOTE, at + 1); end !== -1; end = bytes.indexOf(QUOTE, end + 1)) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return bytes.length;
}
