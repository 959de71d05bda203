// Header fields as text: folded at spaces (RFC 5322 §2.2.3), and strangers' text made safe for one line. Pure.

const MAX_COLUMNS = 78; // RFC 5322 §2.1.1

/** `name: value` with its CRLF, folded at spaces so that no line is over 78 columns where a space allows it. */
export function foldField(name: string, value: string): string {
  let done = '';
  let line = `${name}:`;
  let words = 0;
  for (const word of value.split(' ')) {
    // Never before the first word: "Subject:" alone on its line confuses readers. Never a line of spaces only.
    if (words > 0 && word !== '' && line.length + 1 + word.length > MAX_COLUMNS && line.trim() !== '') {
      done += `${line}\r\n`;
      line = '';
    }
    line += ` ${word}`;
    if (word !== '') words++;
  }
  return `${done}${line}\r\n`;
}

/** One line of printable text: control characters and line ends become spaces, runs of spaces one; at most `maxChars`. */
export function oneLine(text: string, maxChars: number): string {
  const clean = text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return clean.length > maxChars ? `${clean.slice(0, maxChars - 1).toWellFormed()}…` : clean;
}

/** True when every character is 7-bit. */
export function isAsciiText(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text);
}
