// Warm-ups at work: a message of a young transport is counted in Redis before it leaves, and what came of it after.
import type { WarmupConfig } from '../deliver/warmup/config.ts';
import { overviewOf, sayProvider, type WarmupOverview } from '../deliver/warmup/overview.ts';
import { ageOf, capOf, OTHERS } from '../deliver/warmup/progress.ts';
import type { WarmupRoom } from '../deliver/warmup/room.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import type { Notice } from '../model/notice.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Transport } from '../model/settings.ts';
import { openWarmupStore, type Place, type WarmupStore } from '../store/warmup.ts';
import { isYoung, Plans, zoneOf, type Plan } from './warmup-plans.ts';

export type WarmupDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  log: Log;
  config: WarmupConfig;
  /** All transports as they stand now. */
  transports(): Iterable<Transport>;
  tell(notice: Notice): Promise<void>;
}>;

export type Warmup = WarmupRoom &
  Readonly<{
    /** What the transport may send to this provider today, as far as is known: no more, some more, as much as there is. */
    roomOf(transport: Transport, provider: string): 'none' | 'some' | 'free';
    /** What the other side made of a message. Never rejects. */
    note(transport: Transport, outcome: Outcome): Promise<void>;
    /** True while it is not over. Rejects with RedisTrouble. */
    isWarming(transport: Transport): Promise<boolean>;
    /** Undefined for a transport that needs none. Rejects with RedisTrouble. */
    overview(transport: Transport): Promise<WarmupOverview | undefined>;
    /** Reads anew what has left today. Rejects with RedisTrouble. */
    refresh(): Promise<void>;
    stop(): void;
  }>;

const LOOK_MS = 1_000;
/** Where somebody else may have used the last room: so old may be what decides where a message goes instead. */
const FRESH_MS = 250;
/** So long a day's room is for what was held for it. */
const OWED_MS = 60_000;
/** How soon a message is tried again that could not be counted. */
const AGAIN_MS = 5_000;

type Work = WarmupDeps & Readonly<{ store: WarmupStore; plans: Plans }>;

/** Opens the warm-ups of an installation. Where there are none, nothing is asked. */
export function openWarmup(deps: WarmupDeps): Warmup {
  const { clock, log, config } = deps;
  const store = openWarmupStore(deps.redis, deps.prefix);
  const plans = new Plans({ ...deps, store });
  const work: Work = { ...deps, store, plans };
  const fullUntil: WarmupRoom['fullUntil'] = (transport, provider = OTHERS, acceptedAt = 0) => {
    const plan = isYoung(transport) ? plans.known(transport) : undefined;
    return (plan && owedUntil(work, plan, { provider, acceptedAt })) ?? fullNow(work, transport, provider);
  };
  const stop = clock.every(LOOK_MS, () => void quietly(work, () => plans.refresh()));
  return {
    fullUntil,
    roomOf: (transport, provider) => roomOf(work, transport, provider),
    take: async (transport, provider, acceptedAt = 0) => {
      if (!isYoung(transport)) return { kind: 'free' };
      try {
        return await take(work, transport, { provider: provider ?? OTHERS, acceptedAt });
      } catch (error) {
        log.debug({ transport: transport.name, error: String(error) }, 'a warm-up could not be asked');
        return { kind: 'full', until: clock.now() + AGAIN_MS };
      }
    },
    note: async (transport, outcome) => {
      const figure = figureOf(outcome);
      if (figure !== undefined && isYoung(transport))
        await quietly(work, () => count(work, transport, figure));
    },
    isWarming: async (transport) => isYoung(transport) && (await plans.of(transport)).progress.done !== true,
    overview: async (transport) => {
      if (!isYoung(transport)) return undefined;
      const { progress, day } = await plans.of(transport);
      const counts = await store.read({ transport: transport.name, day });
      return overviewOf(progress, counts, { today: day, timeZone: zoneOf(transport, config) }, config);
    },
    refresh: () => plans.refresh(),
    stop,
  };
}

async function quietly({ log }: Work, what: () => Promise<unknown>): Promise<void> {
  await what().catch((error: unknown) =>
    log.debug({ error: String(error) }, 'a warm-up could not be counted'),
  );
}

function fullNow({ plans, config }: Work, transport: Transport, provider = OTHERS): EpochMs | undefined {
  const plan = isYoung(transport) ? plans.known(transport) : undefined;
  const cap = plan && capOf(plan.progress, { provider, day: plan.day }, config);
  return plan && cap !== undefined && (plan.used.get(provider) ?? 0) >= cap ? plan.until : undefined;
}

function roomOf(work: Work, transport: Transport, provider: string): 'none' | 'some' | 'free' {
  if (!isYoung(transport)) return 'free';
  const plan = work.plans.known(transport);
  if (plan && capOf(plan.progress, { provider, day: plan.day }, work.config) === undefined) return 'free';
  return fullNow(work, transport, provider) === undefined ? 'some' : 'none';
}

/**
 * In the first moments of a day what was held for it goes before what is new: else a sender who is always there first would
 * keep the others' mail waiting for as long as the curve does not reach what all send.
 */
function owedUntil({ clock }: Work, plan: Plan, { provider, acceptedAt }: Asked): EpochMs | undefined {
  if (acceptedAt < plan.from || plan.progress.done || !plan.owed.has(provider)) return undefined;
  const until = plan.from + OWED_MS;
  return clock.now() < until ? until : undefined;
}

type Asked = Readonly<{ provider: string; acceptedAt: EpochMs }>;

async function take(work: Work, transport: Transport, asked: Asked): ReturnType<WarmupRoom['take']> {
  const { plans, store, config } = work;
  const { provider } = asked;
  const plan = await plans.of(transport);
  if (plan.progress.done) return { kind: 'free' };
  const waits = owedUntil(work, plan, asked);
  if (waits !== undefined) return { kind: 'full', until: waits };
  const place: Place = { transport: transport.name, day: plan.day };
  const cap = capOf(plan.progress, { provider, day: plan.day }, config);
  const { taken, used } = await store.take(place, provider, cap);
  plan.used.set(provider, used);
  const { until } = plan;
  if (!taken) {
    await quietly(work, () => plans.refresh(FRESH_MS));
    return { kind: 'full', until };
  }
  // Told with the last one: who chooses transports knows it from now on, and nobody may ask again today.
  if (cap !== undefined && used >= cap)
    void quietly(work, () => tellFull(work, { transport, plan, provider }));
  const giveBack = async (): Promise<void> => {
    plan.used.set(provider, Math.max(0, (plan.used.get(provider) ?? 0) - 1));
    await quietly(work, () => store.giveBack(place, provider));
  };
  return { kind: 'taken', until, giveBack };
}

type Figure = Readonly<{ what: 'deferred' | 'bounced'; provider: string }>;

async function count(
  { plans, store }: Work,
  transport: Transport,
  { what, provider }: Figure,
): Promise<void> {
  const plan = await plans.of(transport);
  if (!plan.progress.done) await store.count({ transport: transport.name, day: plan.day }, provider, what);
}

/** Only what the other side said of a message, not what kept us from sending it. Greylisting says nothing of us. */
function figureOf(outcome: Outcome): Figure | undefined {
  if (outcome.kind !== 'deferred' && outcome.kind !== 'bounced') return undefined;
  if (outcome.cause.reply === undefined || outcome.cause.class === 'greylisted' || !outcome.via)
    return undefined;
  return { what: outcome.kind, provider: outcome.via.provider ?? OTHERS };
}

type Told = Readonly<{ transport: Transport; plan: Plan; provider: string }>;

/** Told once a day. */
async function tellFull(work: Work, told: Told): Promise<void> {
  const place = { transport: told.transport.name, day: told.plan.day };
  if (await work.store.isFirst(place, told.provider)) await work.tell(fullNotice(told, work));
}

function fullNotice({ transport, plan, provider }: Told, { config, clock }: Work): Notice {
  const cap = capOf(plan.progress, { provider, day: plan.day }, config) ?? 0;
  const age = ageOf(plan.progress, provider, plan.day);
  return {
    type: 'limit',
    at: clock.now(),
    scope: 'transport',
    key: transport.name,
    transport: transport.name,
    provider: sayProvider(provider),
    rule: 'warmup',
    action: 'overflow',
    until: plan.until,
    reason: `Transport ${transport.name} has sent its ${cap} messages of today to ${sayProvider(provider)} (day ${age} of its warm-up); more goes to others of pool ${transport.pool} or its fallback, else it waits for tomorrow.`,
  };
}
