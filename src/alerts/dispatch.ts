// Sends what waits for the rules: at once or as a digest, by mail and webhook, again after trouble, never twice.
import type { Clock } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import type { AlertRule } from './config.ts';
import type { Batch, Desk } from './desk.ts';
import { isDue } from './match.ts';
import { bodyOf, post, type Posted } from './webhook.ts';
import type { Sheet } from './write.ts';

export type DispatchDeps = Readonly<{
  rules: readonly AlertRule[];
  desk: Desk;
  clock: Clock;
  log: Log;
  hostname: string;
  mailsPerHour: number;
  /** Puts a mail into our own queue. One with the same `id` is there once, however often it is given. */
  mail(sheet: Sheet, to: readonly string[], id: string): Promise<Posted>;
  /** True for addresses that a webhook must not go to unless its rule says so. */
  isPrivate(address: string): boolean;
}>;

const FIRST_WAIT_MS = 10_000;
const MAX_WAIT_MS = 15 * 60_000;
/** Over two hours in all. */
const MAX_TRIES = 14;

/** One round over all rules. Rejects with RedisTrouble; the next round goes on where this one stopped. */
export async function dispatch(deps: DispatchDeps): Promise<void> {
  const rounds = await Promise.allSettled(deps.rules.map((rule) => dispatchRule(rule, deps)));
  // A webhook that is slow keeps nobody else waiting; Redis being away is told as it is.
  const failed = rounds.find((round) => round.status === 'rejected');
  if (failed) throw failed.reason;
}

async function dispatchRule(rule: AlertRule, deps: DispatchDeps): Promise<void> {
  const { desk, clock, mailsPerHour } = deps;
  const waits = await desk.pending(rule.name);
  let batch = await desk.batch(rule.name);
  if (!batch) {
    if (!isDue(rule, waits, { now: clock.now(), mailsPerHour })) return;
    await desk.freeze(rule.name);
    batch = await desk.batch(rule.name);
  }
  if (!batch || batch.tryAt > clock.now()) return;
  const problems = await send(rule, batch, deps);
  if (problems.length === 0) return desk.done(rule.name);
  await troubled(rule, { batch, problem: problems.join('; ') }, deps);
}

/** By both ways, where a rule has both; what went well before is recognised by its id at the other end. */
async function send(rule: AlertRule, batch: Batch, deps: DispatchDeps): Promise<readonly string[]> {
  const sheet: Sheet = { rule: rule.name, alerts: batch.alerts, more: batch.more };
  const problems: string[] = [];
  if (rule.to.length > 0) {
    const mailed = await deps.mail(sheet, rule.to, batch.id);
    if (!mailed.ok) problems.push(`mail: ${mailed.problem}`);
  }
  if (rule.webhook !== undefined) {
    const posted = await postAlerts(rule, { sheet, id: batch.id }, deps);
    if (!posted.ok) problems.push(`webhook: ${posted.problem}`);
  }
  return problems;
}

/** Posts alerts to the rule's webhook. */
export async function postAlerts(
  rule: AlertRule,
  { sheet, id }: Readonly<{ sheet: Sheet; id: string }>,
  { clock, hostname, isPrivate }: Pick<DispatchDeps, 'clock' | 'hostname' | 'isPrivate'>,
): Promise<Posted> {
  const at = clock.now();
  return post({
    url: rule.webhook ?? '',
    secret: rule.secret,
    id,
    at,
    body: bodyOf(sheet, hostname, at),
    isForbidden: (address) => !rule.allowPrivate && isPrivate(address),
  });
}

async function troubled(
  { name }: AlertRule,
  { batch, problem }: Readonly<{ batch: Batch; problem: string }>,
  { desk, clock, log }: DispatchDeps,
): Promise<void> {
  const tries = batch.tries + 1;
  if (tries >= MAX_TRIES) {
    const lost = batch.alerts.map(({ reason }) => reason);
    log.error(
      { rule: name, problem, lost: lost.slice(0, 10) },
      `Alerts of the rule "${name}" could not be sent and are given up.`,
    );
    return desk.done(name);
  }
  const wait = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
  log.warn(
    { rule: name, problem },
    `Alerts of the rule "${name}" could not be sent; the next try is in ${sayDuration(wait)}.`,
  );
  await desk.later(name, tries, clock.now() + wait);
}
