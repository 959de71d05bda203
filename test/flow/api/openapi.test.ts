// The OpenAPI document: what it says of itself, that a typed client of it compiles and works, and that commands and endpoints are the same verbs.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endpoints } from '../../../src/api/index.ts';
import { VERSION } from '../../../src/lib/version.ts';
import { commands } from '../../../src/roles/command.ts';
import { startApi, type TestApi } from '../../support/api.ts';
import { operations } from '../../support/openapi.ts';
import { typedClient } from '../../support/typed-client.ts';

const run = promisify(execFile);
let api: TestApi;
const folder = mkdtempSync(join(tmpdir(), 'postino-client-'));
beforeAll(async () => {
  api = await startApi();
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the document is served to whoever asks', async () => {
  const { status, json } = await api.stranger.get('/api/openapi.json');
  expect(status).toBe(200);
  expect(json).toMatchObject({ openapi: '3.1.0', info: { version: VERSION } });
  expect(Object.keys(json.paths).length).toBeGreaterThan(5);
});

test('every operation has a name of its own, a summary, and its parameters', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of operations) {
    expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
    expect(operation.summary, operation.operationId).toMatch(/^\S.{5,140}\.$/);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const told = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
    expect(new Set(told), operation.operationId).toEqual(new Set(inPath));
  }
});

test('no answer has a field for what is only stored', () => {
  const words = /"(?:passwordHash|sealedPrivateKey|hash)":/;
  for (const { operation } of operations) expect(JSON.stringify(operation.responses)).not.toMatch(words);
});

const USAGE = `
import { ApiProblem, makeClient, type Client } from './client.ts';

const [url = '', key = ''] = process.argv.slice(2);
const client: Client = makeClient(url, key);
const made = await client.addKey({ body: { name: 'typed', scopes: ['events:read'] } });
const text: string = made.key;
const page = await client.listKeys({ query: { limit: 500 } });
const names: string[] = page.items.map((item) => item.name);
await client.removeKey({ params: { id: made.id } });
const status = await client.removeKey({ params: { id: made.id } }).catch((error) => error instanceof ApiProblem && error.status);
console.log(JSON.stringify({ text, names, status }));

export function wrong(): void {
  // @ts-expect-error a scope that is none
  void client.addKey({ body: { name: 'typed', scopes: ['everything'] } });
  // @ts-expect-error a field that is missing
  void client.addKey({ body: { scopes: [] } });
  // @ts-expect-error a parameter that is missing
  void client.removeKey({});
  // @ts-expect-error a field that the answer does not have
  void made.hash;
}
`;

test('a typed client that is made of it compiles, and works', async () => {
  writeFileSync(join(folder, 'client.ts'), typedClient());
  writeFileSync(join(folder, 'usage.ts'), USAGE);
  const compilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    module: 'nodenext',
    target: 'esnext',
    noEmit: true,
    allowImportingTsExtensions: true,
    types: ['node'],
    typeRoots: [join(process.cwd(), 'node_modules/@types')],
  };
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  await run('node_modules/.bin/tsc', ['-p', folder]);
  const { secret } = await api.client();
  const { stdout: said } = await run(process.execPath, [join(folder, 'usage.ts'), api.url, secret]);
  const { text, names, status } = JSON.parse(said);
  expect(text).toMatch(/^pk_/);
  expect(names).toContain('typed');
  expect(status).toBe(404);
}, 120_000);

/** Commands that are about the process or the host and not about the mail: nobody does them from afar. */
const HERE_ALONE: Readonly<Record<string, string>> = {
  backup: 'writes a file on the host',
  restore: 'is done while nothing runs',
  'history prune': 'works on files of the host, which the relay prunes by itself',
  'history rebuild': 'works on files of the host',
};
/** Endpoints without a command: the dashboard's own. */
const THERE_ALONE: Readonly<Record<string, string>> = {
  logIn: 'a command needs no session',
  logOut: 'a command needs no session',
  deleteCaught: 'the sandbox is a page',
  clearSandbox: 'the sandbox is a page',
  changeOwnPassword: 'is member reset-password on the host',
  sendBatch: 'is send, many times',
  smtpPlusSendMessage: "is send, in SMTP+'s words",
  smtpPlusSendTemplate: "is send, in SMTP+'s words",
};

const verbOf = (words: string): string => words.replace(/ [<[].*$/, '');

test('every command has its endpoint', () => {
  const verbs = new Set(endpoints.flatMap(({ verb = [] }) => verb));
  const missing = commands
    .map(({ words }) => verbOf(words))
    .filter((verb) => !verbs.has(verb) && HERE_ALONE[verb] === undefined);
  expect(missing).toEqual([]);
});

test('every verb of an endpoint is a command, and what has none only shows something or is named', () => {
  const known = new Set(commands.map(({ words }) => verbOf(words)));
  const unknown = endpoints.flatMap(({ verb = [] }) => verb).filter((verb) => !known.has(verb));
  expect(unknown).toEqual([]);
  const silent = endpoints
    .filter(({ verb, method, id }) => verb === undefined && method !== 'GET' && THERE_ALONE[id] === undefined)
    .map(({ id }) => id);
  expect(silent).toEqual([]);
});
