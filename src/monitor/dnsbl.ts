// What a block list's answer means (RFC 5782): clean, listed, or unknown, which is neither. Pure.
import { isIP } from 'node:net';
import { reversedName } from './addresses.ts';
import type { Answer } from './answer.ts';
import { hasCode, type Blocklist } from './blocklists.ts';

/**
 * clean: no entry that counts · listed: an entry, `act` says what follows · unknown: no answer that says anything, which
 * neither lists nor clears.
 */
export type Verdict = Readonly<
  | { kind: 'clean' }
  | { kind: 'listed'; act: 'quarantine' | 'warn'; codes: readonly string[] }
  | { kind: 'unknown'; why: string }
>;

type Family = 'ipv4' | 'ipv6';

export function familyOf(address: string): Family {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** The name to ask `list` for; undefined when it does not list such addresses. */
export function questionFor(address: string, { zone, families }: Blocklist): string | undefined {
  const name = reversedName(address);
  return name === undefined || !families.includes(familyOf(address)) ? undefined : `${name}.${zone}`;
}

/** Entries that every list must have and must not have, so that one can tell whether it works (RFC 5782 §5). */
export const TEST_ENTRIES: Readonly<Record<Family, Readonly<{ listed: string; clean: string }>>> = {
  ipv4: { listed: '127.0.0.2', clean: '127.0.0.1' },
  ipv6: { listed: '::ffff:7f00:2', clean: '::ffff:7f00:1' },
};

/** What the answer to the question about one of our addresses means. */
export function verdictOf(answer: Answer, list: Blocklist): Verdict {
  switch (answer.kind) {
    case 'nxdomain':
    case 'none':
      return { kind: 'clean' };
    case 'failed':
      return { kind: 'unknown', why: `the list does not answer (${answer.code})` };
    case 'found':
      return verdictOfCodes(answer.records, list);
  }
}

function verdictOfCodes(codes: readonly string[], list: Blocklist): Verdict {
  // Some lists say "you may not ask" in the form of an entry; a resolver that invents answers says anything.
  const refusal = codes.find((code) => code.startsWith('127.255.255.') || code === '127.0.0.1');
  if (refusal !== undefined) return { kind: 'unknown', why: `the list refuses our resolver (${refusal})` };
  const stranger = codes.find((code) => !code.startsWith('127.'));
  if (stranger !== undefined) return { kind: 'unknown', why: `${stranger} is no answer of a block list` };
  if (codes.some((code) => hasCode(list.quarantine, code)))
    return { kind: 'listed', act: 'quarantine', codes };
  if (codes.some((code) => hasCode(list.warn, code))) return { kind: 'listed', act: 'warn', codes };
  return { kind: 'clean' };
}

/** Why a list says nothing just now, by its answers about its test entries; undefined: it works. */
export function troubleOf(entries: Readonly<{ listed: Answer; clean: Answer }>): string | undefined {
  const { listed, clean } = entries;
  if (clean.kind === 'found') return 'the list lists everything';
  if (listed.kind === 'failed') return `the list does not answer (${listed.code})`;
  if (listed.kind !== 'found')
    return 'the list does not have its own test entry, so that its silence says nothing';
  const refusal = listed.records.find((code) => code.startsWith('127.255.255.'));
  return refusal === undefined ? undefined : `the list refuses our resolver (${refusal})`;
}
