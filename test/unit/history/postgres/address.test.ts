// Addresses of PostgreSQL databases: what is read, what is refused, and what a log may show.
import { expect, test } from 'vitest';
import { parsePostgresUrl, sayAddress } from '../../../../src/history/postgres/address.ts';

const read = [
  [
    'postgres://u@db.example/h',
    { host: 'db.example', port: 5432, user: 'u', database: 'h', tls: 'verify-full' },
  ],
  [
    'postgresql://u:p%40%2F@127.0.0.1:6000/h',
    { host: '127.0.0.1', port: 6000, password: 'p@/', tls: 'disable' },
  ],
  ['postgres://u@[::1]/h?sslmode=require', { host: '::1', tls: 'require' }],
  ['postgres://u@/h?host=%2Frun%2Fpostgresql', { host: '/run/postgresql', tls: 'disable' }],
  [
    'postgres://u:p@/h?host=/run/postgresql&port=5433',
    { host: '/run/postgresql', port: 5433, password: 'p' },
  ],
  [
    'postgres://u@db/h?sslmode=verify-ca&sslrootcert=/ca.pem',
    { tls: 'verify-ca', rootCertificates: '/ca.pem' },
  ],
] as const;
test.each(read)('reads %s', (text, want) => {
  expect(parsePostgresUrl(text)).toMatchObject(want);
});

test.each([
  ['', 'must be'],
  ['mysql://u@h/d', 'must be'],
  ['postgres://', 'names no user'],
  ['postgres://db.example/h', 'names no user'],
  ['postgres://u@db.example', 'no database'],
  ['postgres://u@db/h?sslmode=prefer', 'sslmode'],
  ['postgres://u@db/h?options=-c', 'does not know "options"'],
])('refuses "%s"', (text, why) => {
  expect(parsePostgresUrl(text)).toContain(why);
});

test('shows neither who nor how', () => {
  const address = parsePostgresUrl('postgres://someone:s3cret@db.example/h?sslmode=require');
  expect(typeof address === 'string' ? '' : sayAddress(address)).toBe('postgres://db.example:5432/h');
});
