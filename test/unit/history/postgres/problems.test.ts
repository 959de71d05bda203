// What PostgreSQL, TLS and the network say, as one sentence.
import { expect, test } from 'vitest';
import { MissingTable, problemOf } from '../../../../src/history/postgres/problems.ts';
import { HistoryProblem } from '../../../../src/history/problem.ts';

const failed = (code: string, message = 'their words'): Error => Object.assign(new Error(message), { code });

test.each([
  [failed('28P01'), 'PostgreSQL refuses the name or the password of history.store. (their words)'],
  [
    failed('28000', 'no pg_hba.conf entry for host "x", no encryption'),
    /^PostgreSQL takes nobody without TLS/,
  ],
  [new Error('The server does not support SSL connections'), /^PostgreSQL offers no TLS/],
  [failed('CERT_SIGNATURE_FAILURE'), /^The certificate of PostgreSQL is not signed by anybody/],
  [failed('ERR_TLS_CERT_ALTNAME_INVALID'), /^The certificate of PostgreSQL is for another host/],
  [failed('CERT_HAS_EXPIRED'), /has expired/],
  [failed('ENOTFOUND'), /^The host of history\.store is not found\./],
  [failed('ETIMEDOUT'), /^PostgreSQL does not answer\./],
  [failed('57P01'), /^PostgreSQL does not answer\./],
  [failed('08006'), /^PostgreSQL does not answer\./],
  [new Error('Connection terminated unexpectedly'), /^PostgreSQL does not answer\./],
  [failed('57014'), /^PostgreSQL took too long\./],
  [failed('53100'), /^The disk of PostgreSQL has no room\./],
  [failed('XX000'), /^The history cannot be used just now\. \(their words\)$/],
  [failed('ECONNREFUSED', ''), /^PostgreSQL does not answer\. \(ECONNREFUSED\)$/],
  ['a word', /^The history cannot be used just now\. \(a word\)$/],
])('%s', (error, expected) => {
  expect(problemOf(error).message).toMatch(expected);
});

test('a missing table is told from the rest; what is a sentence stays one', () => {
  expect(problemOf(failed('42P01'))).toBeInstanceOf(MissingTable);
  const known = new HistoryProblem('Ours.');
  expect(problemOf(known)).toBe(known);
});
