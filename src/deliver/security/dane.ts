// What the DNS, where it is signed, says of the certificates of a domain's mail hosts (RFC 7672), as the resolver validated it.
import type { Clock } from '../../lib/clock.ts';
import { makeLru } from '../../lib/lru.ts';
import { usableOf, type Tlsa } from './tlsa.ts';
import type { WireAnswer, WireAsk } from './wire.ts';

/** records: usable ones, none where TLS is demanded and no certificate is named · failed: `why` is a part of a sentence. */
export type HostDane = Readonly<
  { kind: 'records'; records: readonly Tlsa[] } | { kind: 'none' } | { kind: 'failed'; why: string }
>;

export type Dane = Readonly<{
  /** By mail host; a host that is missing has none. Never rejects. */
  of(domain: string, hosts: readonly string[], port: number): Promise<ReadonlyMap<string, HostDane>>;
}>;

const MAX_ENTRIES = 20_000;
const MIN_MS = 30_000;
const NONE_MS = 60_000;
const FAILED_MS = 5000;
const MAX_TLSA = 20;

const none: HostDane = { kind: 'none' };
const failed = (why: string): HostDane => ({ kind: 'failed', why });

/** Asks with `ask`, which tells whether an answer was validated. */
export function makeDane(ask: WireAsk, clock: Clock): Dane {
  const remembered = remembering(ask, clock);
  const ofHost = async (host: string, port: number): Promise<HostDane> => {
    const v4 = await remembered(host, 'A');
    const address = v4.kind === 'none' ? await remembered(host, 'AAAA') : v4;
    if (address.kind === 'failed') return failed(address.why);
    if (!address.secure) return none; // RFC 7672 §2.2.2: then its TLSA records are not, either
    return readTlsa(await remembered(`_${port}._tcp.${host}`, 'TLSA'));
  };
  return {
    async of(domain, hosts, port) {
      const mx = await remembered(domain, 'MX');
      const result = new Map<string, HostDane>();
      if (mx.kind !== 'failed' && !mx.secure) return result; // RFC 7672 §2.2.1
      const named = mx.kind === 'found' ? mxNames(mx) : new Set([domain]);
      await Promise.all(
        hosts.map(async (host) => {
          if (mx.kind === 'failed') result.set(host, failed(mx.why));
          else if (named.has(host)) result.set(host, await ofHost(host, port));
        }),
      );
      return result;
    },
  };
}

function mxNames({ records }: Extract<WireAnswer, { kind: 'found' }>): ReadonlySet<string> {
  return new Set(
    records.flatMap((record) =>
      record.type === 'MX' ? record.data.exchange.toLowerCase().replace(/\.$/, '') : [],
    ),
  );
}

function readTlsa(answer: WireAnswer): HostDane {
  if (answer.kind === 'failed') return failed(answer.why); // RFC 7672 §2.1.3: not as if there were none
  if (answer.kind === 'none' || !answer.secure) return none;
  const records = answer.records.slice(0, MAX_TLSA).flatMap((record) =>
    record.type === 'TLSA'
      ? [
          {
            usage: record.data.usage,
            selector: record.data.selector,
            matching: record.data.matchingType,
            data: record.data.certificate,
          },
        ]
      : [],
  );
  return { kind: 'records', records: usableOf(records) };
}

/** One question at a time per name and type; the answer is kept for its time to live. */
function remembering(ask: WireAsk, clock: Clock): WireAsk {
  const entries = makeLru<{ answer: Promise<WireAnswer>; until: number }>(MAX_ENTRIES);
  return (name, type) => {
    const key = `${type} ${name}`;
    const known = entries.get(key);
    if (known && clock.ticks() < known.until) return known.answer;
    const entry = { answer: ask(name, type), until: Infinity };
    entry.answer = entry.answer.then((answer) => {
      entry.until = clock.ticks() + keepMs(answer);
      return answer;
    });
    entries.put(key, entry);
    return entry.answer;
  };
}

function keepMs(answer: WireAnswer): number {
  if (answer.kind === 'failed') return FAILED_MS;
  return answer.kind === 'none' ? NONE_MS : Math.max(answer.ttlMs, MIN_MS);
}
