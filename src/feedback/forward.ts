// Mail to an address of ours on its way to a person: marked, and stopped where it goes round. Pure.
import { scanHeaders, valueOf } from '../mail/headers.ts';

/** Fields of our own mark, and of every host on the way. */
const MARK = 'x-loop';
const RECEIVED = 'received';
/** RFC 5321 §6.3 wants at least 100; ours has no reason to be that long. */
const MAX_HOPS = 50;
const CRLF = '\r\n';

/** True for what has been here already, or too many hosts. `domain` is feedback.domain. */
export function goesRound(message: Buffer, domain: string): boolean {
  const { fields } = scanHeaders(message);
  const marks = fields.filter(({ name }) => name === MARK);
  if (marks.some((field) => valueOf(message, field).toLowerCase() === domain)) return true;
  return fields.filter(({ name }) => name === RECEIVED).length > MAX_HOPS;
}

/** The message with our mark, as it is sent on; the rest of it stays, its signature too. */
export function marked(message: Buffer, domain: string): Readonly<{ message: Buffer; headerSize: number }> {
  const mark = Buffer.from(`X-Loop: ${domain}${CRLF}`);
  const { size, complete } = scanHeaders(message);
  // Where no empty line ends the header, what follows would be taken for it.
  const end = complete ? Buffer.alloc(0) : Buffer.from(CRLF);
  const whole = Buffer.concat([mark, message.subarray(0, size), end, message.subarray(size)]);
  return { message: whole, headerSize: mark.length + size + end.length };
}
