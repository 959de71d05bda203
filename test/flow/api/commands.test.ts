// Commands of members and keys: what they say, and that the API knows at once.
import { mkdirSync, mkdtempSync, rmSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashPassword } from '../../../src/accept/password.ts';
import type { Result, Values } from '../../../src/cli/command.ts';
import { keyCommands } from '../../../src/cli/key.ts';
import { memberCommands, type MemberContext } from '../../../src/cli/member.ts';
import type { KeyVerbs } from '../../../src/verbs/key.ts';
import { startApi, type TestApi } from '../../support/api.ts';

let api: TestApi;
let typed = '';
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

async function run(words: string, args: Record<string, string> = {}, options: Values = {}): Promise<Result> {
  const { members, apiKeys, settings, clock, config } = api.base;
  const readInput = (): Promise<string> => Promise.resolve(typed);
  const context: MemberContext & KeyVerbs = {
    members,
    apiKeys,
    settings,
    clock,
    config,
    hashPassword,
    readInput,
  };
  const command = [...memberCommands, ...keyCommands].find((one) => one.words.startsWith(words));
  if (!command) throw new Error(words);
  return command.run(context, args, options);
}

test('a member is made, changed, and gone', async () => {
  const made = await run('member add', { name: 'anna' }, { role: 'user', user: 'shop' });
  const password = /only now\): (\w{24})$/.exec(made.text)?.[1] ?? '';
  expect((await (await api.logIn('anna', password)).get('/session')).json).toMatchObject({ user: 'shop' });
  await run('member set', { name: 'anna' }, { role: 'viewer' });
  const anna = await api.logIn('anna', password);
  expect((await anna.get('/session')).json.user).toBeUndefined();
  typed = 'a new Secret\n';
  expect((await run('member reset-password', { name: 'anna' }, { passwordStdin: true })).text).toBe(
    'anna has a new password.',
  );
  expect((await anna.get('/session')).status).toBe(401);
  const again = await api.logIn('anna', 'a new Secret');
  expect((await run('member list')).text).toMatch(/^anna +viewer +default +enabled$/m);
  await run('member set', { name: 'anna' }, { disable: true });
  expect((await again.get('/session')).status).toBe(401);
  expect((await run('member remove', { name: 'anna' })).code).toBe(0);
  expect((await run('member remove', { name: 'anna' })).text).toContain('"postino member list"');
});

test.each<[string, Record<string, string>, Values, string]>([
  ['member add', { name: 'x' }, {}, 'Say its role'],
  ['member add', { name: 'x' }, { role: 'root' }, 'Say its role'],
  ['member add', { name: 'x' }, { role: 'user' }, 'say which user'],
  ['member add', { name: 'A B' }, { role: 'viewer' }, "A member's name"],
  ['member add', { name: 'admin' }, { role: 'viewer' }, 'already a member'],
  ['member set', { name: 'admin' }, {}, 'Say what to change'],
  ['member set', { name: 'admin' }, { disable: true, enable: true }, 'contradict'],
  ['member set', { name: 'admin' }, { role: 'viewer' }, 'adminPassword'],
  ['member remove', { name: 'admin' }, {}, 'adminPassword'],
  ['member reset-password', { name: 'admin' }, {}, 'adminPassword'],
  ['member reset-password', { name: 'none' }, {}, 'no member called none'],
  ['key add', { name: 'x' }, {}, 'Say what it is for'],
  ['key add', { name: 'x' }, { scope: ['none'] }, 'none is no scope'],
  ['key add', { name: 'x' }, { scope: ['users:read'], user: 'shop' }, 'cannot have users:read'],
  ['key add', { name: 'x' }, { scope: ['events:read'], user: 'none' }, 'no user called none'],
  ['key add', { name: 'x' }, { scope: ['events:read'], expires: 'soon' }, '--expires soon'],
  ['key add', { name: '' }, { scope: ['events:read'] }, '1 to 100 characters'],
  ['key remove', { id: 'none' }, {}, 'no key called none'],
])('%s %j %j is refused in words', async (words, args, options, text) => {
  const result = await run(words, args, options);
  expect(result.code).not.toBe(0);
  expect(result.text).toContain(text);
});

test('a key is made, listed, and gone', async () => {
  const made = await run('key add', { name: 'Shop' }, { scope: ['read', 'messages:send'], expires: '90d' });
  const secret = /: (pk_\S+)$/.exec(made.text)?.[1] ?? '';
  const bearer = { authorization: `Bearer ${secret}` };
  expect((await api.stranger.get('/limits', bearer)).status).toBe(200);
  const { text, data } = await run('key list');
  expect(text).toContain('Shop');
  expect(JSON.stringify([text, data])).not.toContain(secret.slice(25));
  const id = secret.split('_')[1] ?? '';
  expect((await run('key remove', { id })).code).toBe(0);
  expect((await api.stranger.get('/limits', bearer)).status).toBe(401);
});

test('an installation of before there were members keeps its password', async () => {
  const data = mkdtempSync(join(tmpdir(), 'postino-old-'));
  mkdirSync(join(data, 'keys'));
  writeFileSync(join(data, 'keys', 'admin.hash'), await hashPassword('the old password'));
  const old = await startApi({
    config: { data, adminPassword: undefined, users: [{ name: 'a', password: 'long-enough' }] },
  });
  const admin = await old.logIn('admin', 'the old password');
  expect((await admin.get('/session')).json).toMatchObject({ name: 'admin', role: 'admin' });
  expect(existsSync(join(data, 'first-run'))).toBe(false);
  await old.close();
  rmSync(data, { recursive: true, force: true });
});
