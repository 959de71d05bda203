// Patterns in which "*" stands for any characters, matched without regular expressions, so that none can take long. Pure.

/** The literal pieces between the stars, in lower case. */
export type Pattern = readonly string[];

/** Compiles a pattern; its letters match in either case. */
export function readPattern(text: string): Pattern {
  return text.toLowerCase().split('*');
}

/** True when the whole of `text`, in lower case, fits the pattern. Each piece is looked for once, behind the one before it. */
export function fits(pattern: Pattern, text: string): boolean {
  const [first = '', ...others] = pattern;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
