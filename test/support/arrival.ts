// What arrived at a fake mail host, for whole-relay tests: waits for it, and takes a message apart.
import type { FakeMx, MxMessage } from './fake-mx.ts';
import { until } from './until.ts';

/** The first message for `to` that the host has or gets. */
export async function arrivalOf(mx: FakeMx, to: string, ms = 10_000): Promise<MxMessage> {
  await until(() => mx.messages.some((one) => one.to === to), ms);
  const found = mx.messages.find((one) => one.to === to);
  if (!found) throw new Error(`nothing came for ${to}`);
  return found;
}

/** Header with folding undone, and the body as it came. */
export function split({ data }: Readonly<{ data: Buffer }>): Readonly<{ header: string; body: Buffer }> {
  const end = data.indexOf('\r\n\r\n');
  const header = data.toString('utf8', 0, end + 2).replace(/\r\n(?=[ \t])/g, '');
  return { header, body: data.subarray(end + 4) };
}

/** Values of a field. */
export function fieldsOf(message: Readonly<{ data: Buffer }>, name: string): readonly string[] {
  const lines = split(message).header.split('\r\n');
  const start = `${name.toLowerCase()}:`;
  return lines
    .filter((line) => line.toLowerCase().startsWith(start))
    .map((line) => line.slice(start.length).trim());
}
