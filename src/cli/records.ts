// DNS records as commands print them, to be copied into a zone. Pure.
import type { WantedRecord } from '../store/domains.ts';

/** One after the other, each with what it is for. */
export function sayRecords(records: readonly WantedRecord[]): string {
  return records
    .map(({ name, type, value, note }) => `; ${note}\n${name}. ${type}\n    ${value}`)
    .join('\n\n');
}
