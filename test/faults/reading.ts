// Reads the treated letters that the mail host saw: each by its text, some by mailauth.
import { join } from 'node:path';
import { loadMasterKey } from '../../src/store/seal.ts';
import { makeTokens } from '../../src/tracking/token.ts';
import { verify } from '../support/letters.ts';
import { faultsOf, openLetters } from './letters.ts';
import type { Look } from './look.ts';
import type { MxRecord } from './mx.ts';
import { SENDER_DOMAIN } from './treated.ts';

export type Reading = Readonly<{
  treated: number;
  signatures: number;
  /** "<key> <what is wrong>". */
  faulty: readonly string[];
}>;

/** Signatures are verified of the first letters, and then of every so many. */
const FIRST = 20;
const EVERY = 50;
const SIGNATURES = ['ed25519-sha256', 'rsa-sha256'];

/** `data` is the relay's folder, which has the master key. */
export async function readLetters(
  seen: readonly MxRecord[],
  facts: Readonly<{ path: string; data: string; look: Look }>,
): Promise<Reading> {
  const read = openLetters(facts.path);
  const master = loadMasterKey(join(facts.data, 'keys', 'master.key'));
  if (!master.ok) throw new Error(master.problem);
  const tokens = makeTokens(master.key);
  const dns = await facts.look.dkimRecords(SENDER_DOMAIN);
  const kept = seen.filter(({ offset }) => offset !== undefined);
  const faulty: string[] = [];
  let signatures = 0;
  for (const [number, record] of kept.entries()) {
    const letter = read(record);
    faulty.push(...faultsOf(letter, record, tokens).map((fault) => `${record.key} ${fault}`));
    if (number >= FIRST && number % EVERY > 0) continue;
    const passed = (await verify(letter, dns)).filter(({ result }) => result === 'pass');
    signatures += passed.length;
    const algorithms = passed.map(({ algorithm }) => algorithm).toSorted();
    if (algorithms.join() !== SIGNATURES.join())
      faulty.push(`${record.key} is signed by ${algorithms.join(' and ') || 'nothing'}`);
  }
  return { treated: kept.length, signatures, faulty };
}
