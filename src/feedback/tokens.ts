// Tokens of ours as mail programs leave them in a message: behind "Re:", folded, wrapped, or inside a link. Pure.

/** Ours are longer. */
const MIN_TOKEN = 40;
/** Longer texts are none of ours (src/tracking/sealing.ts). */
const MAX_TOKEN = 4096;
/** What is looked at of each text, in characters and words. */
const MAX_TEXT = 8192;
const MAX_WORDS = 40;
/** Each costs a key and an HMAC. */
const MAX_TRIES = 12;
const RUN = /[A-Za-z0-9_-]+/g;

/** What may be a token, most likely first; those of the first text before those of the second. */
export function tokensIn(...texts: readonly string[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => candidatesIn(text)))].slice(0, MAX_TRIES);
}

function candidatesIn(text: string): readonly string[] {
  const start = text.slice(0, MAX_TEXT);
  // White space inside a token comes from folding and wrapping: from each word on, the rest is glued together as well.
  const words = start.split(/\s+/, MAX_WORDS).filter((word) => word !== '');
  const glued = words.map((_, i) => words.slice(i).join(''));
  return [...runsIn(start), ...glued.flatMap((one) => runsIn(one).slice(0, 1))];
}

/** Longest first. */
function runsIn(text: string): readonly string[] {
  return (text.match(RUN) ?? [])
    .filter((run) => run.length >= MIN_TOKEN && run.length <= MAX_TOKEN)
    .toSorted((one, other) => other.length - one.length);
}
