// The examples of docs/api.md, run as they stand there: each works, and its answer has the fields that the page shows.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scopes } from '../../../src/model/access.ts';
import { startApi, type Client, type TestApi } from '../../support/api.ts';

const run = promisify(execFile);
const page = readFileSync('docs/api.md', 'utf8');
/** A command, and the JSON that follows it, where some does. */
const examples = [...page.matchAll(/```sh\n([\s\S]*?)```(?:\s*```json\n([\s\S]*?)```)?/g)].map(
  ([, command = '', answer]) => ({ command, answer }),
);

let api: TestApi;
let app: Client;
beforeAll(async () => {
  api = await startApi({
    roles: ['http', 'delivery'],
    config: {
      transports: [{ name: 'box', kind: 'sandbox', pool: 'default' }],
      users: [{ name: 'app', password: 'app-Secret-17', domains: ['example.com'] }],
    },
  });
  await api.base.templates.put('default', 'welcome', {
    engine: 'tags',
    subject: 'Hi [name]',
    text: 'Hi [name]',
  });
  app = await api.client({
    user: 'app',
    scopes: ['messages:send', 'messages:read', 'events:read', 'statistics:read'],
  });
});
afterAll(() => api.close());

test.each(examples)('$command', async ({ command, answer }) => {
  const here = command.replaceAll('http://localhost:8080', api.url);
  const { stdout } = await run('bash', ['-c', here], { env: { ...process.env, KEY: app.secret } });
  if (answer !== undefined) expect(JSON.parse(stdout)).toMatchObject(shapeOf(JSON.parse(answer)) as object);
  await api.base.clock.sleep(300);
});

/** The same with any value in the place of texts and numbers. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : value.map(shapeOf);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shapeOf(one)]));
  return typeof value === 'boolean' ? value : expect.anything();
}

test('the page names every scope', () => {
  for (const scope of scopes) expect(page).toContain(`\`${scope}\``);
});
