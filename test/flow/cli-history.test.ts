// The commands that read the history, on segments on disk: what they find and what they print.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Result, Values } from '../../src/cli/command.ts';
import { eventsCommands } from '../../src/cli/events.ts';
import type { HistoryContext } from '../../src/cli/history-context.ts';
import { messageCommands } from '../../src/cli/message.ts';
import { openEventLog } from '../../src/events/log.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { newId } from '../../src/lib/ids.ts';
import type { Event } from '../../src/model/event.ts';

const now = systemClock.now();
const ids = [newId(now - 7_200_000), newId(now - 60_000)] as const;
const folder = mkdtempSync(join(tmpdir(), 'postino-history-'));
let printed = '';
const stop = new AbortController();
const context: HistoryContext = {
  eventLog: openEventLog({ folder: join(folder, 'events'), clock: systemClock }),
  history: undefined,
  clock: systemClock,
  write: (text) => void (printed += text),
  signal: stop.signal,
};
const event = (submission: string, type: Event['type'], at: number, more: Partial<Event> = {}): Event => ({
  v: 1,
  id: `${submission}-1.${type}`,
  type,
  at,
  account: 'default',
  user: 'shop',
  submission,
  delivery: `${submission}-1`,
  recipient: 'ann@example.net',
  sender: 'shop@shop.example',
  subject: 'Order',
  ...more,
});
const write = (ms: number, events: readonly Event[]): void =>
  writeFileSync(
    join(folder, 'events', `20260101-${ms}-0.jsonl`),
    events.map((one, i) => `${JSON.stringify({ ...one, cursor: `${ms}-${i}.0` })}\n`).join(''),
  );
const run = (words: string, options: Values = {}, args: Record<string, string> = {}): Promise<Result> => {
  const command = [...eventsCommands, ...messageCommands].find((one) => one.words === words);
  if (!command) throw new Error(words);
  return command.run(context, args, options);
};

beforeAll(() => {
  mkdirSync(join(folder, 'events'));
  write(now - 7_200_000, [
    event(ids[0], 'accepted', now - 7_200_000),
    event(ids[0], 'bounced', now - 7_199_000, {
      attempt: 1,
      transport: 'ip1',
      reason: 'The mailbox does not exist.',
      reply: { code: 550, status: '5.1.1', text: 'no such user' },
      conversation: '> RCPT TO:<ann@example.net>\n< 550 5.1.1 no such user',
    }),
  ]);
  write(now - 60_000, [
    event(ids[1], 'accepted', now - 60_000, { user: 'crm', recipient: 'bob@example.org' }),
    event(ids[1], 'delivered', now - 59_000, { user: 'crm', recipient: 'bob@example.org', attempt: 1 }),
  ]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('message show tells the story, by the id of the message or of one delivery, in any case', async () => {
  const { text, code } = await run('message show <id>', {}, { id: ids[0].toLowerCase() });
  expect(code).toBe(0);
  expect(text).toContain('BOUNCED, attempt 1');
  expect(text).toContain('| < 550 5.1.1 no such user');
  const brief = await run('message show <id>', { brief: true }, { id: `${ids[0]}-1` });
  expect(brief.text).toContain('peer said: 550 5.1.1 no such user');
  expect(brief.text).not.toContain('RCPT TO');
  expect(await run('message show <id>', {}, { id: 'nonsense' })).toMatchObject({ code: 1 });
});

test('message search has one row per delivery, the newest first', async () => {
  const all = await run('message search [words...]');
  expect(all.text.split('\n')).toHaveLength(3);
  expect(all.text.split('\n')[1]).toContain('bob@example.org');
  expect((await run('message search [words...]', { to: '@example.net' })).data).toMatchObject([
    { type: 'bounced' },
  ]);
  expect((await run('message search [words...]', { user: 'crm', type: 'accepted' })).data).toMatchObject([
    { type: 'accepted' },
  ]);
  expect((await run('message search [words...]', { since: '1h' })).data).toHaveLength(1);
  expect((await run('message search [words...]', { until: '1h' })).data).toHaveLength(1);
  expect((await run('message search [words...]', { from: 'x@y.example' })).text).toBe(
    'No delivery in the history fits.',
  );
  expect((await run('message search [words...]', { limit: '1' })).text).toContain('There may be more');
});

test.each([
  ['since', 'yesterday'],
  ['type', 'opened,nonsense'],
  ['limit', '0'],
])('--%s %s is wrong usage, in a sentence', async (name, value) => {
  const result = await run('message search [words...]', { [name]: value });
  expect(result.code).toBe(2);
  expect(result.text).toMatch(new RegExp(`^--${name} ${value}: .*\\.$`));
});

test('events prints the latest, oldest first, or all after a cursor', async () => {
  const latest = await run('events', { limit: '2' });
  expect(latest.data).toMatchObject([{ type: 'accepted' }, { type: 'delivered' }]);
  const { cursor } = (latest.data as { cursor: string }[])[0] ?? { cursor: '' };
  expect((await run('events', { after: cursor })).data).toMatchObject([{ type: 'delivered' }]);
  expect((await run('events', { after: 'x' })).code).toBe(2);
});

test('events --follow prints what comes until it is stopped', async () => {
  const running = run('events', { follow: true, type: 'delivered' });
  await systemClock.sleep(300);
  write(now, [
    event(ids[1], 'deferred', now),
    event(ids[1], 'delivered', now, { recipient: 'new@example.net' }),
  ]);
  for (let i = 0; i < 100 && printed === ''; i++) await systemClock.sleep(50);
  stop.abort();
  expect((await running).code).toBe(0);
  expect(printed).toMatch(/^[^\n]*delivered[^\n]*new@example.net\n$/);
});
