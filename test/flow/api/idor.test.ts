// Nobody reaches what is another user's or account's: every operation of the OpenAPI document, with the ids of others.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scopes } from '../../../src/model/access.ts';
import { within } from '../../../src/model/scopes.ts';
import { domainSchema, userSchema } from '../../../src/model/settings.ts';
import { startApi, type Client, type TestApi } from '../../support/api.ts';
import { operations } from '../../support/openapi.ts';
import { bodyFor, fill, queryFor } from '../../support/walk.ts';

/** Stands in everything that is the victim's. */
const MARK = 'victim';
const OTHER = 'other';

let api: TestApi;
let admin: Client;
/** Ids of what is the victim's, of every kind. */
let ids: readonly string[];
/** A key of another user of the same account, and one of another account, each with all that it can have. */
let attackers: readonly (readonly [name: string, client: Client])[];

beforeAll(async () => {
  api = await startApi({
    roles: ['http', 'delivery'],
    config: {
      domains: [{ name: 'shop.example' }, { name: `${MARK}.example` }],
      transports: [{ name: `${MARK}-ip`, kind: 'sandbox', pool: `${MARK}-pool` }],
      users: [
        { name: 'shop', password: 'shop-Secret-17', domains: ['shop.example'], pool: `${MARK}-pool` },
        { name: MARK, password: 'office-Secret-18', domains: [`${MARK}.example`], pool: `${MARK}-pool` },
      ],
    },
  });
  const { settings } = api.base;
  const common = { v: 1, origin: 'command', account: OTHER } as const;
  await settings.users.add(userSchema.parse({ ...common, name: 'theirs', domains: ['their.example'] }));
  await settings.domains.add(domainSchema.parse({ ...common, name: 'their.example' }));
  admin = await api.client();
  ids = await makeVictim();
  const ofUser = within(scopes, { account: 'default', user: 'shop' });
  const ofAccount = within(scopes, { account: OTHER });
  attackers = [
    ['another user', await api.client({ user: 'shop', scopes: [...ofUser] })],
    ['another account', await api.client({ account: OTHER, scopes: [...ofAccount] })],
  ];
});
afterAll(() => api.close());

/** Walks go faster than anybody may. */
async function patiently(client: Client, ...asked: Parameters<Client['send']>): ReturnType<Client['send']> {
  const answer = await client.send(...asked);
  if (answer.status !== 429) return answer;
  await api.base.clock.sleep(1000 * Number(answer.headers.get('retry-after') ?? 1));
  return patiently(client, ...asked);
}

async function makeVictim(): Promise<readonly string[]> {
  const from = `me@${MARK}.example`;
  const to = `ann@${MARK}.example`;
  const sent = await admin.post('/messages', {
    user: MARK,
    from,
    to: [to],
    subject: MARK,
    text: MARK,
    campaign: MARK,
  });
  await told(sent.json.id);
  await api.base.operate.pause(`domain:${MARK}.example`, { by: 'test' });
  const waits = await admin.post('/messages', { user: MARK, from, to: [to], subject: MARK, text: MARK });
  const key = await admin.post('/keys', { name: MARK, scopes: ['events:read'], user: MARK });
  await api.addMember(`${MARK}-member`, 'user', { user: MARK });
  await api.base.suppressions.add('default', `gone@${MARK}.example`, 'hard', { user: MARK });
  await api.base.templates.put('default', MARK, { engine: 'tags', text: MARK });
  await api.base.sandbox.keep(
    { id: `${sent.json.id}-9`, at: Date.now(), from, to, subject: MARK, size: 4, user: MARK },
    Buffer.from(`From: ${from}\r\n\r\n${MARK}`),
  );
  const webhook = await admin.post('/webhooks', {
    url: 'https://hooks.example.net/',
    user: MARK,
    name: MARK,
  });
  const { id } = sent.json;
  return [
    id,
    waits.json.id,
    `${waits.json.id}-1`,
    `${id}-1`,
    `${id}-9`,
    key.json.id,
    String(webhook.json?.id ?? MARK),
    MARK,
    `${MARK}-member`,
    `${MARK}-ip`,
    `${MARK}-pool`,
    `${MARK}.example`,
    `gone@${MARK}.example`,
    to,
    `domain:${MARK}.example`,
    'admin',
    'shop',
  ];
}

/** Resolves when the history knows what became of a message. */
async function told(id: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const { status, text } = await admin.get(`/messages/${id}`);
    if (status === 200 && text.includes('delivered')) return;
    await api.base.clock.sleep(50);
  }
  throw new Error('the history did not hear of the message within 20 s');
}

/** Everything that the account's admin sees, without times and counts. */
async function everything(): Promise<unknown> {
  const lists = operations.filter(
    ({ method, path }) =>
      method === 'GET' &&
      !path.includes('{') &&
      !/openapi|session|stream|overview|statistics|events|check|process|history/.test(path),
  );
  const seen = [];
  for (const place of lists) {
    const { status, text } = await admin.get(`${place.path}${queryFor(place)}`);
    const steady = text.replace(
      /"(?:usedAt|at|due|since|lastSeen|last|ms|age|next|checkedAt|cursor)":("[^"]*"|[\d.]+),?/g,
      '',
    );
    seen.push([place.path, status, steady]);
  }
  const waiting = await api.base.operate.list({}, 100);
  return [seen, waiting.map(({ id, state }) => [id, state]), await api.base.operate.pauses()];
}

test('what is listed holds nothing of others', async () => {
  const lists = operations.filter(({ method, path }) => method === 'GET' && !/\{|stream/.test(path));
  const asked = lists.flatMap((place) =>
    [queryFor(place), '?limit=500', `?user=${MARK}`, '?account=default'].map(
      (query) => `${place.path}${query}`,
    ),
  );
  for (const [who, client] of attackers)
    for (const path of asked) {
      const { status, text } = await patiently(client, 'GET', path);
      expect(status, `${who}: ${path}`).toBeLessThan(500);
      expect(text, `${who}: ${path}`).not.toContain(`${MARK}.example`);
    }
}, 120_000);

test('an id of others is not there, whatever is done with it; and nothing of theirs has changed', async () => {
  const before = await everything();
  const answers = new Map<number, number>();
  const reached: string[] = [];
  const named = operations.filter(
    // A proof is what its asker would have to publish: nothing is looked up for it.
    ({ path, operation }) =>
      path.includes('{') && operation['x-postino-scope'] !== 'open' && !path.endsWith('/proof'),
  );
  const tries = named.flatMap((place) => ids.map((id) => ({ place, id })));
  for (const [who, client] of attackers)
    for (const { place, id } of tries) {
      const path = `${fill(place.path, [id])}${queryFor(place)}`;
      const { status, text } = await patiently(client, place.method, path, bodyFor(place));
      answers.set(status, (answers.get(status) ?? 0) + 1);
      // Every account has records of its own about any address.
      const isOwn = who === 'another user' ? id === 'shop' : place.path.includes('/recipients/');
      const isWrong = status >= 500 || (status < 400 && !isOwn);
      if (isWrong) reached.push(`${who}: ${place.method} ${path} → ${status} ${text.slice(0, 100)}`);
    }
  console.log(`${named.length} operations, ${ids.length} ids, 2 attackers:`, Object.fromEntries(answers));
  expect(reached).toEqual([]);
  expect(await everything()).toEqual(before);
}, 240_000);

test('who is bound to a user or an account cannot name another in a body', async () => {
  const before = await everything();
  const known = {
    user: MARK,
    account: 'default',
    domain: `${MARK}.example`,
    campaign: MARK,
    recipient: `ann@${MARK}.example`,
    address: `gone@${MARK}.example`,
    transport: `${MARK}-ip`,
    pool: `${MARK}-pool`,
    all: true,
    from: `me@${MARK}.example`,
    to: [`ann@${MARK}.example`],
  };
  const changing = operations.filter(
    ({ method, path, operation }) =>
      method !== 'GET' &&
      !path.includes('{') &&
      operation['x-postino-scope'] !== 'open' &&
      !path.includes('/session'),
  );
  const answers = [];
  for (const [who, client] of attackers)
    for (const place of changing) {
      const { status } = await patiently(client, place.method, place.path, bodyFor(place, known));
      answers.push(`${who}: ${place.method} ${place.path} → ${status}`);
      expect(status, answers.at(-1)).toBeLessThan(500);
    }
  expect(await everything()).toEqual(before);
}, 120_000);
