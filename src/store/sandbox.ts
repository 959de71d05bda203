// The sandbox's mailbox: messages that were caught instead of sent, newest first, as many as fit.
import { z } from 'zod';
import { hashIn } from '../lib/answers.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import { storeKeys } from './keys.ts';

const summarySchema = z.object({
  /** The delivery's id. */
  id: z.string(),
  /** When it was caught, epoch milliseconds. */
  at: z.number(),
  /** Envelope sender and recipient. */
  from: z.string(),
  to: z.string(),
  subject: z.string(),
  /** Bytes of the message. */
  size: z.number(),
  /** The user who sent it in. */
  user: z.string(),
});

export type CaughtSummary = Readonly<z.infer<typeof summarySchema>>;

export type Sandbox = Readonly<{
  /** Keeps a message as it would have been sent. Rejects with RedisTrouble. */
  keep(summary: CaughtSummary, raw: Buffer): Promise<void>;
  /** Newest first, from `offset` on. */
  list(
    offset: number,
    count: number,
  ): Promise<Readonly<{ total: number; messages: readonly CaughtSummary[] }>>;
  get(id: string): Promise<Readonly<{ summary: CaughtSummary; raw: Buffer }> | undefined>;
  /** False when it was not there. */
  remove(id: string): Promise<boolean>;
  clear(): Promise<void>;
  /** Removes what was sent to the address, or names it, of users that are `ours`; how many messages it were. */
  forget(address: string, ours: (user: string) => boolean): Promise<number>;
}>;

const MAX_MESSAGES = 500;
const MAX_BYTES = 64_000_000;
const catchScript = loadScript(new URL('./scripts/catch-4.lua', import.meta.url));
const forgetScript = loadScript(new URL('./scripts/forget-4.lua', import.meta.url));

/** Opens the sandbox's mailbox; `limits` are for tests. */
export function openSandbox(
  redis: Redis,
  prefix: string,
  limits: Readonly<{ messages: number; bytes: number }> = { messages: MAX_MESSAGES, bytes: MAX_BYTES },
): Sandbox {
  const { order, summaries, raw, bytes } = storeKeys(prefix).caught;
  const keys = [order, summaries, raw, bytes];
  const remove = async (id: string): Promise<boolean> => (await redis.run(forgetScript, keys, [id])) === 1;
  const names = async ({ id, to }: CaughtSummary, wanted: string): Promise<boolean> => {
    if (to.toLowerCase() === wanted) return true;
    const content = await redis.callBuffer('HGET', raw, id);
    return Buffer.isBuffer(content) && content.toString('utf8').toLowerCase().includes(wanted);
  };
  return {
    keep: async (summary, content) => {
      const text = JSON.stringify(summarySchema.parse(summary));
      await redis.run(catchScript, keys, [summary.id, text, content, limits.messages, limits.bytes]);
    },
    list: async (offset, count) => {
      const ids = await redis.call('LRANGE', order, offset, offset + count - 1);
      const total = Number(await redis.call('LLEN', order));
      if (!Array.isArray(ids) || ids.length === 0) return { total, messages: [] };
      const texts = await redis.call('HMGET', summaries, ...ids.map(String));
      const read = Array.isArray(texts) ? texts.map(readSummary) : [];
      return { total, messages: read.filter((summary) => summary !== undefined) };
    },
    get: async (id) => {
      const [text, content] = await Promise.all([
        redis.call('HGET', summaries, id),
        redis.callBuffer('HGET', raw, id),
      ]);
      const summary = readSummary(text);
      return summary && Buffer.isBuffer(content) ? { summary, raw: content } : undefined;
    },
    remove,
    forget: async (address, ours) => {
      let gone = 0;
      for (const text of hashIn(await redis.call('HGETALL', summaries)).values()) {
        const summary = readSummary(text);
        if (!summary || !ours(summary.user) || !(await names(summary, address.toLowerCase()))) continue;
        gone += (await remove(summary.id)) ? 1 : 0;
      }
      return gone;
    },
    clear: async () => {
      await redis.call('DEL', ...keys);
    },
  };
}

function readSummary(text: unknown): CaughtSummary | undefined {
  return typeof text === 'string' ? summarySchema.safeParse(JSON.parse(text)).data : undefined;
}
