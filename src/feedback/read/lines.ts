// A message made fit to read: at most 1 MiB, every line end a single LF, nothing in front of its header. Pure.

/** What is read of a message; what comes after it is the returned message, if anything. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

const CR = 13;
const LF = 10;
const BLANK = [LF, 32, 9, 0];

/** CRLF, CR and LF all become LF, and CR CR LF where all lines end so; empty lines and an mbox "From " line in front are dropped. */
export function readableLines(message: Buffer): Buffer {
  return withoutPrelude(lineFeeds(message.subarray(0, MAX_MESSAGE_BYTES)));
}

/** The same bytes with every line end a single LF. */
export function lineFeeds(bytes: Buffer): Buffer {
  if (!bytes.includes(CR)) return bytes;
  const isDoubled = endsDoubled(bytes);
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte !== CR) {
      out[length++] = byte;
      at++;
      continue;
    }
    let end = at + 1;
    while (bytes[end] === CR) end++;
    const isBeforeLf = bytes[end] === LF;
    const ends = isBeforeLf && isDoubled ? 1 : end - at;
    out.fill(LF, length, length + ends);
    length += ends;
    at = isBeforeLf ? end + 1 : end;
  }
  return out.subarray(0, length);
}

/** Programs that write CRLF for every LF of a text with CRLF: the first line ends so, and it is no empty line. */
function endsDoubled(bytes: Buffer): boolean {
  const first = bytes.indexOf(LF);
  return first > 2 && bytes[first - 1] === CR && bytes[first - 2] === CR && bytes[first - 3] !== LF;
}

function withoutPrelude(lines: Buffer): Buffer {
  let at = 0;
  while (at < lines.length && BLANK.includes(lines[at] ?? 0)) at++;
  if (lines.toString('latin1', at, at + 5) !== 'From ') return lines.subarray(at);
  const end = lines.indexOf(LF, at);
  return end < 0 ? lines.subarray(at) : lines.subarray(end + 1);
}
