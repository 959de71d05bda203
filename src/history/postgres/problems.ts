// What PostgreSQL, TLS and the network say when they fail, as one sentence of ours with their own words behind it. Pure.
import { HistoryProblem } from '../problem.ts';

const GONE = 'PostgreSQL does not answer.';
const UNTRUSTED = 'The certificate of PostgreSQL is not signed by anybody whom history.store trusts.';
/** By class, or by code, of SQLSTATE, and by code of Node. */
const SENTENCES: ReadonlyMap<string, string> = new Map([
  ['28', 'PostgreSQL refuses the name or the password of history.store.'],
  ['3D', 'The database of history.store does not exist.'],
  ['08', GONE],
  ['57P', GONE],
  ['ECONNREFUSED', GONE],
  ['ECONNRESET', GONE],
  ['EHOSTUNREACH', GONE],
  ['ENETUNREACH', GONE],
  ['ETIMEDOUT', GONE],
  ['ENOENT', GONE],
  ['EPIPE', GONE],
  ['ENOTFOUND', 'The host of history.store is not found.'],
  ['EAI_AGAIN', 'The host of history.store is not found just now.'],
  ['CERT_SIGNATURE_FAILURE', UNTRUSTED],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNTRUSTED],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['CERT_HAS_EXPIRED', 'The certificate of PostgreSQL has expired.'],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'The certificate of PostgreSQL is for another host than history.store names.',
  ],
  ['57014', 'PostgreSQL took too long.'],
  ['25006', 'PostgreSQL is read-only: it is a standby, or was told to be.'],
  ['53100', 'The disk of PostgreSQL has no room.'],
  ['53300', 'PostgreSQL has no connection left.'],
  ['42501', 'The user of history.store may not do that in the database.'],
  ['55P03', 'Another program holds the history locked.'],
]);
/** Where a code says too little, or there is none. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /no encryption|SSL off/i,
    'PostgreSQL takes nobody without TLS: another sslmode is needed in history.store.',
  ],
  [/does not support SSL/i, 'PostgreSQL offers no TLS, which the sslmode of history.store asks for.'],
];

/** "42P01": there is no such table. */
export class MissingTable extends HistoryProblem {}

export function problemOf(error: unknown): HistoryProblem {
  if (error instanceof HistoryProblem) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = error instanceof Error && error.message !== '' ? error.message : code || String(error);
  if (code === '42P01') return new MissingTable(`The history has no tables yet. (${why})`);
  const sentence =
    WORDS.find(([words]) => words.test(why))?.[1] ??
    SENTENCES.get(code) ??
    SENTENCES.get(code.slice(0, 3)) ??
    SENTENCES.get(code.slice(0, 2)) ??
    (/terminated|timeout|closed|not queryable/i.test(why) ? GONE : 'The history cannot be used just now.');
  return new HistoryProblem(`${sentence} (${why})`, { cause: error });
}
