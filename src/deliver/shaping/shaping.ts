// Shaping: the throttles of all lanes of this process, what providers allow us in all, and the automation that sets limits.
import type { Clock, EpochMs } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Provider, Providers } from '../providers.ts';
import { Automation } from './automation.ts';
import { aloneLeases, type Leases } from './leases.ts';
import {
  combine,
  effectOf,
  limitId,
  touches,
  unrestricted,
  type Limit,
  type Restriction,
  type Spot,
} from './limit.ts';
import type { Limits } from './limits.ts';
import { Throttle, type Kept, type ThrottleRule } from './throttle.ts';
import { Share } from './share.ts';
import { Users } from './users.ts';

export type ShapingDeps = Readonly<{
  providers: Providers;
  /** What holds where a provider's rule says nothing. */
  defaults: Readonly<{ messagesPerConnection: number; idle: number }>;
  clock: Clock;
  log: Log;
  /** Absent: nothing limits us but our own rules. */
  limits?: Pick<Limits, 'list' | 'set' | 'onChange'> | undefined;
  /** Absent: this process is alone. */
  leases?: Leases | undefined;
  /** Suspends a user, where automation says so. */
  suspendUser?(user: string, limit: Readonly<{ rule: string; why: string; until: EpochMs }>): Promise<void>;
}>;

/** Where a throttle stands. */
export type Place = Spot & Readonly<{ rule: Provider | undefined; connections: number }>;

/** A class: it has identity and changing state. */
export class Shaping {
  readonly #deps: ShapingDeps;
  readonly #automation: Automation;
  readonly #shares = new Map<string, Share>();
  readonly #throttles = new Set<Throttle>();
  readonly #users = new Users();
  readonly #stop: () => void;
  #limitsKnown: readonly Limit[] = [];

  constructor(deps: ShapingDeps) {
    this.#deps = deps;
    this.#automation = new Automation(deps.providers.automation);
    this.#stop = deps.limits?.onChange(() => this.#changed()) ?? (() => {});
    this.#limitsKnown = deps.limits?.list() ?? [];
  }

  /** The throttle of a lane; forget it with `forget`. */
  throttleOf(place: Place, kept: Kept): Throttle {
    const { transport, site, provider } = place;
    const spot: Spot = { transport, site, provider };
    const restriction = this.#restrictions(spot);
    const share = place.rule && this.#shareOf(place.rule);
    const throttle = new Throttle({ clock: this.#deps.clock, restriction, share }, this.ruleOf(place), kept);
    this.#throttles.add(throttle);
    return throttle;
  }

  forget(throttle: Throttle): void {
    this.#throttles.delete(throttle);
  }

  /** What the rules say of a lane. */
  ruleOf({ rule, connections }: Pick<Place, 'rule' | 'connections'>): ThrottleRule {
    const { lane, together } = rule ?? {};
    const { messagesPerConnection, idle } = this.#deps.defaults;
    return {
      connections: Math.min(connections, together?.connections ?? Infinity),
      messages: lane?.messages,
      connects: lane?.connects,
      messagesPerConnection: lane?.messagesPerConnection ?? messagesPerConnection,
      idle: lane?.idle ?? idle,
    };
  }

  /** Until when a delivery of a user is held who was slowed down; undefined: it may go. */
  heldUntil(user: string, delivery: string): EpochMs | undefined {
    const limits = this.#limitsKnown;
    if (limits.length === 0) return undefined;
    return this.#users.heldUntil(user, delivery, { limits, now: this.#deps.clock.now() });
  }

  /** Learns from what came of an attempt. */
  heard(outcome: Outcome, throttle: Throttle, where: Place & Readonly<{ user: string }>): void {
    const step = throttle.note(outcome);
    const { transport, site, provider } = where;
    if (step) this.#deps.log.info({ transport, site, provider, step }, `a lane adapts: ${throttle.say()}`);
    // Only what the other side said: what we say ourselves must never set off a rule.
    if (outcome.kind === 'delivered' || outcome.kind === 'held' || !outcome.cause.reply) return;
    const now = this.#deps.clock.ticks();
    const due = this.#automation.hear(outcome.cause.reply, where, where.rule?.automation ?? [], now);
    for (const one of due) void this.#limit(one);
  }

  /** For tests and metrics. */
  shareState(provider: string): Share['state'] | undefined {
    return this.#shares.get(provider)?.state;
  }

  /** Gives the shares back. */
  async close(): Promise<void> {
    this.#stop();
    await Promise.all(Array.from(this.#shares.values(), (share) => share.close()));
  }

  async #limit({ rule, key, why }: ReturnType<Automation['hear']>[number]): Promise<void> {
    const { clock, limits, log, suspendUser } = this.#deps;
    const until = clock.now() + rule.for;
    const effect = effectOf(rule.do);
    try {
      if (rule.on === 'user' && effect.action === 'suspend') {
        await suspendUser?.(key, { rule: rule.name, why, until });
        return;
      }
      const scope = rule.on === 'lanes' ? 'lane' : rule.on;
      const id = limitId({ scope, key, rule: rule.name });
      const holds = limits?.list().find((limit) => limit.id === id);
      // Replies that were under way when it began need not be stored again.
      if (holds && until - holds.until < rule.for / 10) return;
      await limits?.set({ scope, key, ...effect, until, rule: rule.name, why });
    } catch (error) {
      log.warn({ rule: rule.name, key, error: String(error) }, 'a limit could not be stored');
    }
  }

  /** What limits say of a spot, reckoned anew when they have changed or one is over. */
  #restrictions(spot: Spot): () => Restriction {
    let from: readonly Limit[] | undefined;
    let known: Restriction = unrestricted;
    let until = Infinity;
    return () => {
      const limits = this.#limitsKnown;
      if (limits.length === 0) return unrestricted;
      if (from === limits && (until === Infinity || this.#deps.clock.now() < until)) return known;
      const now = this.#deps.clock.now();
      const ours = limits.filter((limit) => touches(limit, spot) && limit.until > now);
      from = limits;
      known = ours.length === 0 ? unrestricted : combine(ours, now);
      until = Math.min(Infinity, ...ours.map((limit) => limit.until));
      return known;
    };
  }

  #shareOf(provider: Provider): Share | undefined {
    const { name, together } = provider;
    if (Object.values(together).every((value) => value === undefined)) return undefined;
    const known = this.#shares.get(name);
    if (known) return known;
    const { leases = aloneLeases, clock, log } = this.#deps;
    const share = new Share({ provider: name, rule: together, leases, clock, log });
    this.#shares.set(name, share);
    return share;
  }

  #changed(): void {
    this.#limitsKnown = this.#deps.limits?.list() ?? [];
    for (const throttle of this.#throttles) throttle.wake();
  }
}
