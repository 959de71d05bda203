// What waits, and what an operator can do with it.
import type { Changed, Operate, Selection } from '../backlog/operate.ts';
import type { Pause, PauseName } from '../backlog/pauses.ts';
import type { Quarantine } from '../backlog/quarantine.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Settings } from '../model/settings.ts';
import { did, noSuch, refused, type Did } from './did.ts';

export type QueueVerbs = Readonly<{
  operate: Operate;
  clock: Clock;
  settingsNow(): Settings;
  /** Messages that a scanner refused; absent: there is no scanner. */
  quarantine?: Pick<Quarantine, 'reasons' | 'size'>;
}>;

/** How much waits by transport, what is paused, and how many messages are in quarantine. */
export type QueueState = Awaited<ReturnType<Operate['depth']>> &
  Readonly<{ pauses: readonly Pause[]; quarantined: number }>;

/** A delivery that waits; `quarantined` says why a scanner refused its message. */
export type Waiting = Delivery & Readonly<{ quarantined?: string }>;

export async function queueState({ operate, settingsNow, quarantine }: QueueVerbs): Promise<QueueState> {
  const depth = await operate.depth([...settingsNow().transports.keys()]);
  const pauses = await operate.pauses();
  return { ...depth, pauses, quarantined: (await quarantine?.size()) ?? 0 };
}

/** The first `limit` by due time. */
export async function listQueue(
  verbs: QueueVerbs,
  selection: Selection,
  limit: number,
): Promise<readonly Waiting[]> {
  return withReasons(verbs, await verbs.operate.list(selection, limit));
}

/** Says of those whose message a scanner refused why. */
export async function withReasons(
  { quarantine }: Pick<QueueVerbs, 'quarantine'>,
  deliveries: readonly Delivery[],
): Promise<readonly Waiting[]> {
  const reasons = await quarantine?.reasons(deliveries.filter(({ state }) => state === 'paused'));
  return deliveries.map((delivery) => {
    const quarantined = delivery.state === 'paused' ? reasons?.get(delivery.submission) : undefined;
    return quarantined === undefined ? delivery : { ...delivery, quarantined };
  });
}

/** Makes them due at once. */
export function retryNow({ operate }: Pick<QueueVerbs, 'operate'>, selection: Selection): Promise<Changed> {
  return operate.sendNow(selection);
}

/** Ends them without sending; this cannot be undone. */
export function cancelAll({ operate }: Pick<QueueVerbs, 'operate'>, selection: Selection): Promise<Changed> {
  return operate.cancel(selection, 'An operator cancelled it.');
}

export function putOff(
  { operate }: Pick<QueueVerbs, 'operate'>,
  selection: Selection,
  at: EpochMs,
): Promise<Changed> {
  return operate.reschedule(selection, at);
}

/** A user's mail leaves only by the pools granted to it, so a move stays within the pool. */
export async function moveTo(
  { operate, settingsNow }: QueueVerbs,
  selection: Selection,
  target: string,
): Promise<Did<Changed>> {
  const transport = settingsNow().transports.get(target);
  if (!transport) return noSuch('transport', target);
  return did(await operate.move({ ...selection, pool: transport.pool }, target));
}

/** Stops sending for a domain, a user or a campaign; mail is still taken. `forMs` absent: until somebody resumes it. */
export async function pauseMail(
  { operate, clock }: QueueVerbs,
  name: PauseName,
  { forMs, reason }: Readonly<{ forMs?: number | undefined; reason?: string | undefined }>,
): Promise<Readonly<{ until?: EpochMs }>> {
  const until = forMs === undefined ? {} : { until: clock.now() + forMs };
  await operate.pause(name, { ...until, ...(reason === undefined ? {} : { reason }) });
  return until;
}

/** Goes on with what was paused; says how many deliveries go on. */
export async function resumeMail(
  { operate }: Pick<QueueVerbs, 'operate'>,
  name: PauseName,
): Promise<Did<Readonly<{ changed: number }>>> {
  const { lifted, changed } = await operate.resume(name);
  if (!lifted && changed === 0)
    return refused('idle', `${name} is not paused.`, '"postino queue" shows what is.');
  return did({ changed });
}
