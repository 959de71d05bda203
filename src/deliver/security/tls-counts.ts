// Counts of TLS sessions by domain and day, gathered in memory and kept in Redis for the day's reports; bounded in all ways.
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { hashIn, textsIn } from '../../lib/answers.ts';
import { dayOf } from '../../lib/day.ts';
import { makeLru } from '../../lib/lru.ts';
import { loadScript, type Redis } from '../../lib/script.ts';
import type { Dns } from '../resolve.ts';
import type { TlsResult } from './results.ts';
import { readTlsRecord } from './tls-record.ts';
import { fieldsOf, type Day } from './tls-report.ts';

const countScript = loadScript(new URL('./scripts/count-2.lua', import.meta.url));

export type TlsCounts = Readonly<{
  /** Counts a session; what is wanted by nobody is forgotten again. */
  count(result: TlsResult): void;
  /** Writes down what was gathered. Never rejects. */
  flush(): Promise<void>;
  /** The last flush: waits for no DNS, not for that of an earlier one either; what nobody wants is never sent. */
  close(): Promise<void>;
  /** Domains that have counts for a day. */
  domains(day: Day): Promise<readonly string[]>;
  read(day: Day, domain: string): Promise<ReadonlyMap<string, string>>;
  drop(day: Day, domain: string): Promise<void>;
}>;

export type TlsCountsDeps = Readonly<{
  redis: Redis;
  prefix: string;
  dns: Pick<Dns, 'txt'>;
  clock: Clock;
  log: Log;
}>;

const KEEP_MS = 3 * 24 * 3_600_000;
const MAX_DOMAINS = 20_000;
const MAX_FIELDS = 200;
const MAX_GATHERED = 10_000;
const MAX_ASKED = 20_000;
const ASK_AGAIN_MS = 6 * 3_600_000;
const AT_ONCE = 10;

type Gathered = Readonly<{
  day: Day;
  domain: string;
  counters: Map<string, number>;
  texts: Map<string, string>;
}>;

/** Opens the counts. */
export function makeTlsCounts(deps: TlsCountsDeps): TlsCounts {
  const { redis, prefix, clock, log } = deps;
  const setOf = (day: Day): string => `${prefix}tlsrpt:${day}`;
  const hashOf = (day: Day, domain: string): string => `${prefix}tlsrpt:${day}:${domain}`;
  const isWanted = makeIsWanted(deps);
  const hurry = Promise.withResolvers<true>();
  const running = new Set<Promise<void>>();
  let gathered = new Map<string, Gathered>();
  const write = async (one: Gathered): Promise<void> => {
    if (!(await Promise.race([isWanted(one.domain), hurry.promise]))) return;
    const { day, domain, counters, texts } = one;
    const pairs = [...[...counters].flat(), ...[...texts].flat()];
    const keys = [setOf(day), hashOf(day, domain)];
    await redis.run(countScript, keys, [KEEP_MS, MAX_DOMAINS, MAX_FIELDS, domain, counters.size, ...pairs]);
  };
  const writeAll = async (all: readonly Gathered[]): Promise<void> => {
    for (let i = 0; i < all.length; i += AT_ONCE) {
      const done = await Promise.allSettled(all.slice(i, i + AT_ONCE).map(write));
      const failure = done.find(({ status }) => status === 'rejected');
      if (failure)
        log.debug({ error: 'reason' in failure ? String(failure.reason) : '' }, 'counts of TLS were lost');
    }
  };
  const flush = (): Promise<void> => {
    const all = [...gathered.values()];
    gathered = new Map();
    const work = writeAll(all).finally(() => running.delete(work));
    running.add(work);
    return work;
  };
  return {
    count(result) {
      const day = dayOf(clock.now(), 'UTC');
      const key = `${day} ${result.domain}`;
      const known = gathered.get(key);
      if (!known && gathered.size >= MAX_GATHERED) return;
      const one = known ?? { day, domain: result.domain, counters: new Map(), texts: new Map() };
      const { counter, text } = fieldsOf(result);
      if (!one.counters.has(counter) && one.counters.size >= MAX_FIELDS) return;
      one.counters.set(counter, (one.counters.get(counter) ?? 0) + 1);
      one.texts.set(...text);
      gathered.set(key, one);
    },
    flush,
    close: async () => {
      hurry.resolve(true);
      void flush();
      await Promise.all(running);
    },
    domains: async (day) => textsIn(await redis.call('SMEMBERS', setOf(day))),
    read: async (day, domain) => hashIn(await redis.call('HGETALL', hashOf(day, domain))),
    drop: async (day, domain) => {
      await redis.call('SREM', setOf(day), domain);
      await redis.call('DEL', hashOf(day, domain));
    },
  };
}

/** True where the domain has a record that wants reports, or nobody knows. */
function makeIsWanted({ dns, clock }: TlsCountsDeps): (domain: string) => Promise<boolean> {
  const known = makeLru<Readonly<{ wanted: boolean; until: number }>>(MAX_ASKED);
  return async (domain) => {
    const before = known.get(domain);
    if (before && clock.ticks() < before.until) return before.wanted;
    const answer = await dns.txt(`_smtp._tls.${domain}`);
    if (answer.kind === 'failed') return true;
    const wanted = answer.kind === 'found' && readTlsRecord(answer.records).length > 0;
    known.put(domain, { wanted, until: clock.ticks() + ASK_AGAIN_MS });
    return wanted;
  };
}
