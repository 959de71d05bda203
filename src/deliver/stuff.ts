// Dot stuffing (RFC 5321 §4.5.2), block by block: a message's bytes as they go over the wire. Pure.

const LF = 10;
const CR = 13;
const DOT = Buffer.from('.');
const LF_DOT = Buffer.from('\n.');
const END = Buffer.from('.\r\n');
const END_AFTER_TEXT = Buffer.from('\r\n.\r\n');

/** Where a stuffing stands between two blocks: the last two bytes it saw. */
export type Place = Readonly<{ before: number; last: number }>;

export const atStart: Place = { before: CR, last: LF };

/**
 * Appends to `out` the slices of `block` with a dot before each dot that begins a line, and says where it ended.
 * A line begins after any LF: bare LFs do not reach us, but if one did, a peer that takes it for a line end must not
 * read an end of data there (SMTP smuggling).
 */
export function stuff(block: Buffer, place: Place, out: Buffer[]): Place {
  if (block.length === 0) return place;
  if (place.last === LF && block[0] === DOT[0]) out.push(DOT);
  let from = 0;
  for (let at = block.indexOf(LF_DOT); at >= 0; at = block.indexOf(LF_DOT, at + 2)) {
    out.push(block.subarray(from, at + 1), DOT);
    from = at + 1;
  }
  out.push(from === 0 ? block : block.subarray(from));
  return {
    before: block.length > 1 ? (block[block.length - 2] ?? 0) : place.last,
    last: block[block.length - 1] ?? 0,
  };
}

/** What ends the message after `place`: the dot's line, after a CRLF where the message does not end in one. */
export function ending(place: Place): Buffer {
  return place.last === LF && place.before === CR ? END : END_AFTER_TEXT;
}
