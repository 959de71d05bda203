// Today's plans of young transports: all earlier days judged, today's counts in memory, read anew every second.
import { z } from 'zod';
import type { WarmupConfig } from '../deliver/warmup/config.ts';
import { sayProvider } from '../deliver/warmup/overview.ts';
import { ageOf, begun, judgeDays, type DayCounts, type Progress } from '../deliver/warmup/progress.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { dayBegunAt, dayOf, nextDayAt, plusDays, type Day } from '../lib/day.ts';
import { parseJson } from '../lib/json.ts';
import type { Notice } from '../model/notice.ts';
import type { Transport } from '../model/settings.ts';
import type { WarmupStore } from '../store/warmup.ts';
import { seenAs } from '../store/warmup-since.ts';

export type PlansDeps = Readonly<{
  store: WarmupStore;
  clock: Clock;
  config: WarmupConfig;
  /** All transports as they stand now. */
  transports(): Iterable<Transport>;
  tell(notice: Notice): Promise<void>;
}>;

/** One transport's day as this process knows it; `used` changes while it goes on. */
export type Plan = Readonly<{
  day: Day;
  from: EpochMs;
  until: EpochMs;
  /** Providers whose yesterday was full, so that mail for them may be held since. */
  owed: ReadonlySet<string>;
  /** Which warm-up it is of. */
  key: string;
  progress: Progress;
  used: Map<string, number>;
}>;

/** Who sends on a day has judged all days before: beyond the first open ones (clocks differ) there can be no counts. */
const READ_DAYS = 3;

const progressSchema = z.object({
  since: z.string(),
  address: z.string(),
  open: z.string(),
  idle: z.number(),
  back: z.record(z.string(), z.number()),
  done: z.literal(true).optional(),
});

/** True for a transport that has a warm-up, over or not. */
export function isYoung({ kind, warm, warmup, via }: Transport): boolean {
  return kind === 'smtp' && warmup !== undefined && warm !== true && via === undefined;
}

/** The plans of one process. A class: it has identity and changing state. */
export class Plans {
  readonly #deps: PlansDeps;
  readonly #plans = new Map<string, Plan>();
  readonly #planning = new Map<string, Promise<Plan>>();
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: PlansDeps) {
    this.#deps = deps;
  }

  /** Today's plan as far as it is in memory. */
  known(transport: Transport): Plan | undefined {
    const plan = this.#plans.get(transport.name);
    return plan && this.#deps.clock.now() < plan.until && plan.key === keyOf(transport) ? plan : undefined;
  }

  /** Today's plan. Rejects with RedisTrouble. */
  async of(transport: Transport): Promise<Plan> {
    const plan = this.known(transport);
    if (plan) return plan;
    const running = this.#planning.get(transport.name);
    if (running) return running;
    const made = this.#make(transport).finally(() => this.#planning.delete(transport.name));
    this.#planning.set(transport.name, made);
    return made;
  }

  /** Reads what has left today by all young transports, unless that was done `withinMs`. Rejects with RedisTrouble. */
  async refresh(withinMs = 0): Promise<void> {
    const { clock, store, transports } = this.#deps;
    if (clock.ticks() - this.#refreshedAt < withinMs) return;
    this.#refreshedAt = clock.ticks();
    const young = [...transports()].filter(isYoung);
    await Promise.all(
      young.map(async (transport) => {
        const plan = await this.of(transport);
        if (plan.progress.done) return;
        const { used } = await store.read({ transport: transport.name, day: plan.day });
        for (const [provider, count] of used) plan.used.set(provider, count);
      }),
    );
  }

  async #make(transport: Transport): Promise<Plan> {
    const { clock, store } = this.#deps;
    const zone = zoneOf(transport, this.#deps.config);
    const now = clock.now();
    const day = dayOf(now, zone);
    const progress = await judge(this.#deps, transport, day);
    const { used } = await store.read({ transport: transport.name, day });
    const { told } = await store.read({ transport: transport.name, day: plusDays(day, -1) });
    const plan = {
      day,
      from: dayBegunAt(now, zone),
      until: nextDayAt(now, zone),
      owed: new Set(told.keys()),
      key: keyOf(transport),
      progress,
      used: new Map(used),
    };
    this.#plans.set(transport.name, plan);
    return plan;
  }
}

/** Where the transport's days begin. */
export function zoneOf({ timeZone }: Transport, config: WarmupConfig): string {
  return timeZone ?? config.timeZone;
}

/** Which warm-up a plan is of: it begins anew with another address or another first day. */
const keyOf = (transport: Transport): string =>
  [transport.warmup?.since, seenAs(transport), transport.timeZone].join(' ');

/** How far it is on `day`, with all earlier days judged. The first process of a day stores it; the others take that. */
async function judge(deps: PlansDeps, transport: Transport, day: Day): Promise<Progress> {
  const { store } = deps;
  const { name } = transport;
  const before = await store.progress(name);
  const since = transport.warmup?.since ?? day;
  const stored = readProgress(before, since, seenAs(transport));
  const old = stored ?? begun(since, seenAs(transport), day);
  const days = new Map<Day, DayCounts>();
  for (let n = 0, one = old.open; n < READ_DAYS && one < day; n++, one = plusDays(one, 1))
    days.set(one, await store.read({ transport: name, day: one }));
  const next = judgeDays(old, day, (one) => days.get(one), deps.config);
  const now = JSON.stringify(next);
  if (now === before) return next;
  const { stored: isOurs, text } = await store.judge(name, before, now);
  if (!isOurs) return readProgress(text, since, seenAs(transport)) ?? next;
  await tellJudged(deps, transport, { old, next, day });
  return next;
}

/** Undefined where it is of another warm-up of this transport, or cannot be read. */
function readProgress(text: string, since: Day, address: string): Progress | undefined {
  const progress = text === '' ? undefined : parseJson(text, progressSchema);
  return progress?.since === since && progress.address === address ? progress : undefined;
}

/** What the days that were just judged changed, for people. */
async function tellJudged(
  { tell, clock }: PlansDeps,
  { name }: Transport,
  { old, next, day }: Readonly<{ old: Progress; next: Progress; day: Day }>,
): Promise<void> {
  const common = { type: 'limit', at: clock.now(), scope: 'transport', key: name, transport: name } as const;
  for (const [provider, back] of Object.entries(next.back)) {
    const lost = back - (old.back[provider] ?? 0);
    if (lost <= 0) continue;
    const age = ageOf(next, provider, day);
    const why = lost === 1 ? 'stands still' : `slips back ${lost - 1} days`;
    const reason = `The warm-up of transport ${name} to ${sayProvider(provider)} ${why}, for too much was put off or refused: today is its day ${age}.`;
    await tell({ ...common, provider: sayProvider(provider), rule: 'warmup-slip', action: 'slip', reason });
  }
  if (next.done && !old.done)
    await tell({
      ...common,
      rule: 'warmup',
      over: true,
      reason: `Transport ${name} is warm: it has no limit any more.`,
    });
}
