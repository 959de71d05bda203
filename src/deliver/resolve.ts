// Our own resolver: MX, A, AAAA and TXT with time limits, a cache, and one question at a time per name.
import type { Clock, EpochMs } from '../lib/clock.ts';
import { makeLru } from '../lib/lru.ts';
import { openResolver } from '../lib/resolver.ts';
import type { DnsConfig } from './config.ts';

/** found: records · none: the name exists without such records · nxdomain: no such name · failed: nobody knows. */
export type Answer<T> = Readonly<
  { kind: 'found'; records: readonly T[] } | { kind: 'none' | 'nxdomain' } | { kind: 'failed'; code: string }
>;

/** An MX record; `host` in lower case without a last dot, "" for the null MX (RFC 7505). */
export type MxRecord = Readonly<{ host: string; preference: number }>;

/** What routing asks of the DNS. Nothing here rejects. Names are A-labels. */
export type Dns = Readonly<{
  mx(domain: string): Promise<Answer<MxRecord>>;
  /** IPv4 addresses. */
  a(host: string): Promise<Answer<string>>;
  /** IPv6 addresses. */
  aaaa(host: string): Promise<Answer<string>>;
  /** Text records, each with its strings joined. */
  txt(name: string): Promise<Answer<string>>;
}>;

type Fresh<T> = Readonly<{ answer: Answer<T>; ttlMs: number }>;
type Entry<T> = { answer: Promise<Answer<T>>; until: EpochMs };

const MIN_TTL_MS = 30_000;
const MAX_TTL_MS = 3_600_000;
const MX_TTL_MS = 300_000; // Node does not tell the TTL of MX and TXT records
const NEGATIVE_TTL_MS = 60_000;
const FAILED_TTL_MS = 5000;
const MAX_ENTRIES = 20_000;

/** A resolver with its cache. `servers` empty: those of the system. Throws when a server's address is none. */
export function makeDns(config: DnsConfig, clock: Clock): Dns {
  const resolver = openResolver(config);
  const mx = cached(clock, async (domain: string): Promise<Fresh<MxRecord>> => {
    const records = await resolver.resolveMx(domain);
    return found(
      records.map(({ exchange, priority }) => ({
        host: exchange.replace(/\.$/, '').toLowerCase(),
        preference: priority,
      })),
      MX_TTL_MS,
    );
  });
  const a = cached(clock, async (host: string) => {
    const records = await resolver.resolve4(host, { ttl: true });
    return found(addressesOf(records), ttlOf(records));
  });
  const aaaa = cached(clock, async (host: string) => {
    const records = await resolver.resolve6(host, { ttl: true });
    return found(addressesOf(records), ttlOf(records));
  });
  const txt = cached(clock, async (name: string) => {
    const records = await resolver.resolveTxt(name);
    return found(
      records.map((strings) => strings.join('')),
      MX_TTL_MS,
    );
  });
  return { mx, a, aaaa, txt };
}

/** One question at a time per name; the answer is kept for its time to live, the names that were asked for longest ago make room. */
function cached<T>(
  clock: Clock,
  ask: (name: string) => Promise<Fresh<T>>,
): (name: string) => Promise<Answer<T>> {
  const entries = makeLru<Entry<T>>(MAX_ENTRIES);
  return (name) => {
    const known = entries.get(name);
    if (known && clock.ticks() < known.until) return known.answer;
    const entry: Entry<T> = { answer: Promise.resolve({ kind: 'none' }), until: Infinity };
    entry.answer = settle(ask(name)).then(({ answer, ttlMs }) => {
      entry.until = clock.ticks() + ttlMs;
      return answer;
    });
    entries.put(name, entry);
    return entry.answer;
  };
}

async function settle<T>(asked: Promise<Fresh<T>>): Promise<Fresh<T>> {
  try {
    return await asked;
  } catch (error) {
    return failure(error);
  }
}

function found<T>(records: readonly T[], ttlMs: number): Fresh<T> {
  return records.length > 0
    ? { answer: { kind: 'found', records }, ttlMs }
    : { answer: { kind: 'none' }, ttlMs: NEGATIVE_TTL_MS };
}

function failure<T>(error: unknown): Fresh<T> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
  if (code === 'ENODATA') return { answer: { kind: 'none' }, ttlMs: NEGATIVE_TTL_MS };
  // A name that cannot be asked for (EBADNAME) does not exist either.
  if (code === 'ENOTFOUND' || code === 'EBADNAME')
    return { answer: { kind: 'nxdomain' }, ttlMs: NEGATIVE_TTL_MS };
  return { answer: { kind: 'failed', code }, ttlMs: FAILED_TTL_MS };
}

const addressesOf = (records: readonly Readonly<{ address: string }>[]): readonly string[] =>
  records.map((record) => record.address);

function ttlOf(records: readonly Readonly<{ ttl: number }>[]): number {
  const ttl = Math.min(...records.map((record) => record.ttl)) * 1000;
  return Math.min(Math.max(ttl, MIN_TTL_MS), MAX_TTL_MS);
}
