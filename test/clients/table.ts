// The table that a run of the client tests ends with.
import type { MxMessage } from '../support/fake-mx.ts';
import type { Verdict } from '../support/letters.ts';

export type Row = Readonly<{
  client: string;
  way: string;
  mx: string;
  message: MxMessage;
  verdicts: readonly Verdict[];
}>;

/** One line per client and mail host; what stands here has passed every check. */
export function sayTable(rows: readonly Row[]): string {
  const head = ['client', 'how it talks to us', 'mail host', 'from', 'TLS there', 'DKIM', 'bytes'];
  const lines = rows.map(({ client, way, mx, message, verdicts }) => [
    client,
    way,
    mx,
    message.peer,
    message.tls ?? 'not offered',
    verdicts.map(({ algorithm, result }) => `${algorithm.split('-')[0]} ${result}`).join(', '),
    `${message.data.length} ok`,
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...lines].map((line) => line[i]?.length ?? 0)));
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
