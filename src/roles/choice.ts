// Wiring of the choice of a transport: what pools, monitors, warm-ups, leases and grants say of a delivery's way out.
import { pickTransport, type Facts, type Picked, type Pools } from '../deliver/transports/pick.ts';
import { OTHERS } from '../deliver/warmup/progress.ts';
import type { Delivery, WayOut } from '../model/delivery.ts';
import type { Held } from '../model/outcome.ts';
import type { Settings, Transport } from '../model/settings.ts';
import type { Base } from './base.ts';
import { makeFallbackNotices } from './fallback.ts';
import { SYSTEM } from './system.ts';

/** A transport that nobody worked for so long is given up: its lease has run out and nobody wanted it. */
export const ORPHAN_MS = 15_000;

export type Choice = Readonly<{
  /** The first transport of a delivery. */
  first(pool: string, user: string, domain: string): WayOut;
  /** The next one: the same where it can send, or was `held` for nothing that another could do better. */
  again(delivery: Delivery, held?: Held): WayOut;
  /** Why it may not leave by this transport now, as a word; undefined: it may. */
  refuses(transport: Transport, delivery: Delivery): string | undefined;
}>;

/**
 * `providerOf` tells who runs a domain's mail hosts, where that is known without asking; where it is not, it most likely is
 * none that a rule knows.
 */
export function makeChoice(base: Base, providerOf?: (domain: string) => string | undefined): Choice {
  const pools = makePools(base);
  const grants = makeGrants(base);
  const notices = makeFallbackNotices(base);
  const told = (pool: string, pick: Picked): WayOut => {
    notices.saw(pool, pick);
    const { transport, fallback } = pick;
    return fallback === undefined ? { transport } : { transport, fallback };
  };
  const again = (delivery: Delivery, held?: Held): WayOut => {
    const { user, domain, attempts, transport } = delivery;
    const pool = grants.poolOf(delivery);
    const provider = held?.rule === 'warmup' ? held.provider : providerOf?.(domain);
    const ask = { pool, user, domain, ...(attempts > 0 ? { keeps: transport } : {}) };
    const way = told(pool, pickTransport(ask, pools, factsOf(base, provider ?? OTHERS)));
    return pool === delivery.pool ? way : { ...way, pool };
  };
  return {
    first: (pool, user, domain) =>
      told(pool, pickTransport({ pool, user, domain }, pools, factsOf(base, providerOf?.(domain) ?? OTHERS))),
    again,
    refuses: (transport, delivery) => {
      const { pool } = delivery;
      if (grants.poolOf(delivery) !== pool) return 'pool';
      if (transport.pool !== pool && transport.pool !== pools.pool(pool)?.fallback) return 'pool';
      if (transport.draining) return 'drain';
      const isBad = base.states.stateOf(transport.name).state === 'quarantined';
      return isBad && again(delivery).transport !== transport.name ? 'quarantine' : undefined;
    },
  };
}

function factsOf({ states, holders, warmup, limits }: Base, provider: string): Facts {
  const isSuspended = (name: string): boolean =>
    limits
      .list()
      .some(({ scope, key, action }) => scope === 'transport' && action === 'suspend' && key === name);
  return {
    state: ({ name }) => states.stateOf(name),
    carried: ({ name }) => {
      if (holders.isHeld(name)) return 'worked';
      return holders.orphanedFor(name) < ORPHAN_MS ? 'soon' : 'none';
    },
    // As in a pause, but what was tried by it goes to others, too. Limits of single lanes and providers move nothing: a
    // host that holds one address back would soon do so with the next.
    room: (transport) => (isSuspended(transport.name) ? 'none' : warmup.roomOf(transport, provider)),
  };
}

/** The transports of each pool, put together once for each change of the settings. */
function makePools({ settingsNow }: Base): Pools {
  let of: Settings['transports'] | undefined;
  let members = new Map<string, Transport[]>();
  return {
    members: (pool) => {
      const { transports } = settingsNow();
      if (of !== transports) members = Map.groupBy(transports.values(), (transport) => transport.pool);
      of = transports;
      return members.get(pool) ?? [];
    },
    pool: (name) => settingsNow().pools.get(name),
  };
}

/** Which pools are granted to whom. */
function makeGrants({ settingsNow }: Base) {
  let of: Settings['domains'] | undefined;
  let byAccount = new Map<string, ReadonlySet<string>>();
  /** Pools that operators gave to domains of an account. */
  const ofDomains = (account: string): ReadonlySet<string> | undefined => {
    const { domains } = settingsNow();
    if (of !== domains) {
      const grouped = Map.groupBy(domains.values(), (domain) => domain.account);
      byAccount = new Map(
        [...grouped].map(([name, own]) => [name, new Set(own.flatMap(({ pool }) => pool ?? []))]),
      );
    }
    of = domains;
    return byAccount.get(account);
  };
  return {
    /**
     * The pool that the delivery belongs to, or its user's own where that one is not granted any more. What a user sent
     * who was removed since leaves as it was granted then.
     */
    poolOf: ({ user: name, pool }: Owned): string => {
      const user = name === SYSTEM ? undefined : settingsNow().users.get(name);
      if (!user || user.pool === pool || user.pools.includes(pool)) return pool;
      return ofDomains(user.account)?.has(pool) ? pool : user.pool;
    },
  };
}

type Owned = Readonly<{ user: string; pool: string }>;
