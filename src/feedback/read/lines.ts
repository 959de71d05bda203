// A message made fit to read: at most 1 MiB, every line end a single LF, nothing in front of its header. Pure.

/** What is read of a message; what comes after it is the returned message, if anything. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

const CR = 13;
const LF = 10;

/** CRLF, CR CR LF, CR and LF all become LF; empty lines and an mbox "From " line in front are dropped. */
export function readableLines(message: Buffer): Buffer {
  return withoutPrelude(lineFeeds(message.subarray(0, MAX_MESSAGE_BYTES)));
}

/** The same bytes with every line end a single LF. */
export function lineFeeds(bytes: Buffer): Buffer {
  if (!bytes.includes(CR)) return bytes;
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
    // Before an LF, CRs are one line end with it, however many; otherwise each is one.
    const ends = bytes[end] === LF ? 1 : end - at;
    out.fill(LF, length, length + ends);
    length += ends;
    at = bytes[end] === LF ? end + 1 : end;
  }
  return out.subarray(0, length);
}

function withoutPrelude(lines: Buffer): Buffer {
  let at = 0;
  while (lines[at] === LF) at++;
  if (lines.toString('latin1', at, at + 5) !== 'From ') return lines.subarray(at);
  const end = lines.indexOf(LF, at);
  return end < 0 ? lines.subarray(at) : lines.subarray(end + 1);
}
