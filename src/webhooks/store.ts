// Webhooks in Redis: their settings, how far each is, and the last requests and answers of each.
import { z } from 'zod';
import { hashIn, textsIn } from '../lib/answers.ts';
import { parseJson } from '../lib/json.ts';
import { openRecords } from '../lib/records.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import { readState, type Changes, type State } from './state.ts';
import { webhookSchema, type Webhook } from './webhook.ts';

const progressScript = loadScript(new URL('./scripts/progress-3.lua', import.meta.url));

/** Requests that are remembered of a webhook. */
const LOG_LENGTH = 50;

/** One request to a webhook and what came of it. Secrets and proofs are masked. */
export const logEntrySchema = z.object({
  at: z.number().describe('Epoch milliseconds.'),
  id: z.string().describe('The same when it was sent again.'),
  attempt: z.number(),
  ms: z.number(),
  events: z.number(),
  types: z.array(z.string()),
  test: z.boolean().optional(),
  taken: z.boolean(),
  request: z.object({
    method: z.string(),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
  }),
  status: z.number().optional(),
  answer: z.string().optional().describe('The beginning of what was answered.'),
  problem: z.string().optional(),
});

export type LogEntry = Readonly<z.infer<typeof logEntrySchema>>;

export type WebhookStore = ReturnType<typeof openWebhooks>;

/** Opens the store over one connection; all of it rejects with RedisTrouble. */
export function openWebhooks({ redis, prefix }: Readonly<{ redis: Redis; prefix: string }>) {
  const hooks = `${prefix}webhooks`;
  const records = openRecords<Webhook>(redis, { hash: hooks, schema: webhookSchema });
  const stateOf = (id: string): string => `${prefix}webhook:${id}`;
  const logOf = (id: string): string => `${prefix}webhook:${id}:log`;
  const progress = async (
    id: string,
    expected: string,
    changes: Changes,
    entries: readonly LogEntry[] = [],
  ): Promise<boolean> => {
    const pairs = Object.entries(changes).flatMap(([name, value]) => [name, String(value ?? '')]);
    const lines = entries.map((entry) => JSON.stringify(entry));
    const args = [id, expected, LOG_LENGTH, lines.length, ...lines, ...pairs];
    return Number(await redis.run(progressScript, [hooks, stateOf(id), logOf(id)], args)) === 1;
  };
  const listAll = async (): Promise<readonly Webhook[]> =>
    (await records.list()).toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  return {
    list: listAll,
    get: records.get,
    /** Adds one whose id is free; it gets what comes after `cursor`. */
    add: async (hook: Webhook, cursor: string): Promise<void> => {
      await records.add(hook.id, hook);
      await progress(hook.id, '*', { cursor });
    },
    /** Replaces it by `edit` of it, again when somebody else was faster; undefined: there is none, or `edit` wants nothing. */
    change: records.change,
    /** Removes it with all that is known of it. */
    remove: async (id: string): Promise<void> => {
      await records.remove(id);
      await redis.call('DEL', stateOf(id), logOf(id));
    },
    state: async (id: string): Promise<State> => readState(hashIn(await redis.call('HGETALL', stateOf(id)))),
    /** Writes changes where the cursor still is `expected` ("*": wherever). False: it is not, or the webhook is gone. */
    progress,
    /** Removes what the logs of an account's webhooks hold about an address; how many requests it were. */
    forget: async (account: string, address: string): Promise<number> => {
      const own = (await listAll()).filter((hook) => hook.account === account);
      const counts = await Promise.all(own.map(({ id }) => removeAbout(redis, logOf(id), address)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    /** The last requests, newest first. */
    log: async (id: string, count: number = LOG_LENGTH): Promise<readonly LogEntry[]> =>
      textsIn(await redis.call('LRANGE', logOf(id), 0, count - 1)).flatMap(readLogEntry),
  };
}

function readLogEntry(line: string): readonly LogEntry[] {
  const entry = parseJson(line, logEntrySchema);
  return entry ? [entry] : [];
}

async function removeAbout(redis: Redis, log: string, address: string): Promise<number> {
  const lines = textsIn(await redis.call('LRANGE', log, 0, -1)).filter((line) => isAbout(line, address));
  for (const line of lines) await redis.call('LREM', log, 0, line);
  return lines.length;
}

/** Bodies hold addresses as JSON or as a form. */
function isAbout(line: string, address: string): boolean {
  const text = line.toLowerCase();
  const wanted = address.toLowerCase();
  return text.includes(wanted) || text.includes(encodeURIComponent(wanted).toLowerCase());
}
