// The quarantine: messages that a scanner refused wait here until an operator lets them go or deletes them.
import { z } from 'zod';
import { hashIn, textsIn } from '../lib/answers.ts';
import type { Clock } from '../lib/clock.ts';
import { parseJson } from '../lib/json.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import { refOf, type Delivery } from '../model/delivery.ts';
import { readSubmission, type Submission } from '../model/submission.ts';
import { describeQuarantined } from './describe.ts';
import type { Keys } from './keys.ts';
import type { Operate } from './operate.ts';
import type { Verdicts } from './verdicts.ts';

const quarantineScript = loadScript(new URL('./scripts/quarantine-6.lua', import.meta.url));

const entrySchema = z.object({
  /** Id of the message. */
  id: z.string(),
  account: z.string(),
  user: z.string(),
  /** When it came here, epoch milliseconds. */
  at: z.number(),
  by: z.string(),
  reason: z.string(),
  from: z.string(),
  subject: z.string(),
  score: z.number().optional(),
  symbols: z.array(z.string()).optional(),
});

export type Quarantined = Readonly<z.infer<typeof entrySchema>>;

export type QuarantineDeps = Readonly<{
  redis: Redis;
  keys: Keys;
  clock: Clock;
  operate: Operate;
  verdicts: Verdicts;
}>;

export type Quarantine = ReturnType<typeof makeQuarantine>;

/** What its deliveries lie on. */
const shelfOf = (id: string): string => `message:${id}`;

/** Takes a delivery out whose attempt began under `epoch`. False when it has ended, or is another's by now. */
export async function putInQuarantine(
  { redis, keys, clock }: Pick<QuarantineDeps, 'redis' | 'keys' | 'clock'>,
  { submission, delivery }: Readonly<{ submission: Submission; delivery: Delivery }>,
  { reason, epoch }: Readonly<{ reason: string; epoch: string }>,
): Promise<boolean> {
  const { id, account, user, from, subject, scan } = submission;
  const ref = refOf(delivery);
  const at = clock.now();
  const figures = {
    ...(scan?.score === undefined ? {} : { score: scan.score }),
    ...(scan?.symbols === undefined ? {} : { symbols: scan.symbols }),
  };
  const entry: Quarantined = { id, account, user, at, by: 'scan', reason, from, subject, ...figures };
  const event = describeQuarantined({ submission, delivery }, reason, at);
  const keyList = [
    keys.delivery(ref),
    keys.shelf(shelfOf(id)),
    keys.due,
    keys.hand(delivery.transport),
    keys.quarantine,
    keys.events,
  ];
  const args = [
    ref,
    epoch,
    shelfOf(id),
    Math.round(delivery.expiresAt),
    `${account}:${id}`,
    JSON.stringify(entry),
    JSON.stringify(event),
  ];
  return Number(await redis.run(quarantineScript, keyList, args)) === 1;
}

/** Makes what operators do with the quarantine. All of it rejects with RedisTrouble. */
export function makeQuarantine(deps: QuarantineDeps) {
  const { redis, keys, clock, operate, verdicts } = deps;
  const list = async (): Promise<readonly Quarantined[]> => {
    const entries = [...hashIn(await redis.call('HGETALL', keys.quarantine)).values()].flatMap((json) => {
      const entry = parseJson(json, entrySchema);
      return entry ? [entry] : [];
    });
    return entries.sort((a, b) => b.at - a.at);
  };
  const find = async (id: string): Promise<Quarantined | undefined> =>
    (await list()).find((entry) => entry.id === id || id.startsWith(`${entry.id}-`));
  const forget = async ({ account, id }: Quarantined): Promise<void> => {
    await redis.call('HDEL', keys.quarantine, `${account}:${id}`);
  };
  const submissionOf = async ({ account, id }: Quarantined): Promise<Submission | undefined> => {
    const json = await redis.call('GET', keys.submission(account, id));
    return typeof json === 'string' ? readSubmission(json) : undefined;
  };
  return {
    /** What is in it, newest first. */
    list,
    /** By the id of a message, or of one of its deliveries. */
    find,
    submissionOf,
    /** Why each of these messages is in it; others are left out. By the message's id. */
    reasons: async (messages: readonly Readonly<{ account: string; submission: string }>[]) => {
      const fields = [...new Set(messages.map(({ account, submission }) => `${account}:${submission}`))];
      const found = fields.length === 0 ? [] : await redis.call('HMGET', keys.quarantine, ...fields);
      const entries = (Array.isArray(found) ? found : []).flatMap((json) => {
        const entry = typeof json === 'string' ? parseJson(json, entrySchema) : undefined;
        return entry ? [[entry.id, entry.reason] as const] : [];
      });
      return new Map(entries);
    },
    /** Lets a message go, past the scanner. Resolves to how many of its deliveries go on. */
    release: async (entry: Quarantined, reason: string): Promise<number> => {
      const submission = await submissionOf(entry);
      if (submission)
        await verdicts.keep(submission, { verdict: 'released', at: clock.now(), reason }, 'force');
      const { changed } = await operate.resume(shelfOf(entry.id));
      await forget(entry);
      return changed;
    },
    /** Ends a message without sending it. */
    remove: async (entry: Quarantined): Promise<number> => {
      const { changed } = await operate.cancel(
        { id: entry.id },
        `It was deleted from the quarantine. ${entry.reason}`,
      );
      await forget(entry);
      return changed;
    },
    /** Forgets what ended in another way: it expired, or somebody cancelled it. */
    sweep: async (): Promise<number> => {
      const entries = await list();
      const gone: Quarantined[] = [];
      for (const entry of entries) if (!(await submissionOf(entry))) gone.push(entry);
      for (const entry of gone) await forget(entry);
      return gone.length;
    },
    /** How many messages are in it. */
    size: async (): Promise<number> => Number(await redis.call('HLEN', keys.quarantine)),
    /** Deliveries of a message that wait in it. */
    waiting: async ({ id }: Quarantined): Promise<number> =>
      textsIn(await redis.call('ZRANGE', keys.shelf(shelfOf(id)), 0, -1)).length,
  };
}
