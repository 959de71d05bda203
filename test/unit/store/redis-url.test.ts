import { expect, test } from 'vitest';
import { parseRedisUrl } from '../../../src/store/redis-url.ts';

const cases = [
  ['redis://localhost', { kind: 'tcp', host: 'localhost', port: 6379, tls: false, db: 0 }],
  [
    'rediss://u:p%40ss@r.example:6380/3',
    { kind: 'tcp', host: 'r.example', port: 6380, tls: true, db: 3, username: 'u', password: 'p@ss' },
  ],
  [
    'redis://:secret@[::1]:7000',
    { kind: 'tcp', host: '::1', port: 7000, tls: false, db: 0, password: 'secret' },
  ],
  ['unix:/run/redis.sock', { kind: 'unix', path: '/run/redis.sock', db: 0 }],
  ['unix:///run/redis.sock', { kind: 'unix', path: '/run/redis.sock', db: 0 }],
  ['/run/redis.sock', { kind: 'unix', path: '/run/redis.sock', db: 0 }],
  [
    'redis+sentinel://:pw@a:26379,b/main/2',
    {
      kind: 'sentinel',
      sentinels: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 26379 },
      ],
      name: 'main',
      db: 2,
      password: 'pw',
    },
  ],
] as const;

test.each(cases)('%s is read', (text, want) => expect(parseRedisUrl(text)).toEqual(want));

test.each([
  ['http://x', 'is not the address'],
  ['redis://', 'is not the address'],
  ['redis://a,b', 'only redis+sentinel'],
  ['redis+sentinel://a,b', 'name of the master'],
  ['redis://a/x', 'number of the database'],
  ['redis://a:99999', 'host or port'],
])('%s is refused with what to write', (text, why) =>
  expect(parseRedisUrl(text)).toEqual({ problem: expect.stringContaining(why) }),
);
