// MTA-STS policies of recipient domains (RFC 8461): found once, kept, looked at again behind the back of the mail.
import type { Clock } from '../../lib/clock.ts';
import { makeLru } from '../../lib/lru.ts';
import type { Dns } from '../resolve.ts';
import type { Https } from './https.ts';
import type { StsTrouble } from './published.ts';
import { readStsPolicy, readStsRecord, type StsPolicy } from './sts-policy.ts';
import type { StoredPolicy, StsStore } from './sts-store.ts';

export type StsFound = Readonly<{ policy?: StsPolicy; trouble?: StsTrouble }>;

export type Sts = Readonly<{
  /** Begins to find out about a domain (lower-case A-labels) that mail will go to. */
  prepare(domain: string): void;
  /** What is known. Waits for a domain that nothing is known of, at most `FIRST_WAIT_MS`, and only once. Never rejects. */
  of(domain: string): Promise<StsFound>;
  stop(): void;
}>;

export type StsDeps = Readonly<{
  dns: Pick<Dns, 'txt'>;
  https: Https;
  store: StsStore;
  clock: Clock;
  /** 443 but in tests. */
  port: number;
}>;

/** Its own DNS time-outs and a slow policy host must not hold mail up for longer. */
const FIRST_WAIT_MS = 10_000;
const FETCH_MS = 60_000; // RFC 8461 §3.3
const MAX_BYTES = 64 * 1024;
const LOOK_AGAIN_MS = 10 * 60_000;
const AFTER_TROUBLE_MS = 5 * 60_000; // RFC 8461 §3.3: not more often
const AFTER_DNS_TROUBLE_MS = 60_000;
const FRESH_MS = 24 * 3_600_000;
const SWEEP_MS = 3_600_000;
const MAX_FETCHES = 50;
/** One that takes so long makes room for others: whoever answers slowly must not keep us from the policies of others. */
const SLOW_MS = 3000;
const MAX_SLOW = 1000;
const MAX_WAITING = 2000;
const MAX_ENTRIES = 10_000;
const MAX_SWEPT = 5000;

type Entry = {
  stored?: StoredPolicy;
  trouble?: StsTrouble;
  /** Monotonic: when the DNS is asked again; 0: it has not answered yet. */
  lookAt: number;
  /** Monotonic: until when mail waits for the first answer. */
  waitUntil: number;
  /** Settles when what Redis has is known, and when the world was asked. */
  loading: Promise<void>;
  looking?: Promise<void> | undefined;
};

/** Makes the finder. */
export function makeSts(deps: StsDeps): Sts {
  const finder = new Finder(deps);
  const stop = deps.clock.every(SWEEP_MS, () => finder.sweep());
  return {
    prepare: (domain) => void finder.of(domain, 0),
    of: (domain) => finder.of(domain, FIRST_WAIT_MS),
    stop,
  };
}

/** A class: it has a cache that changes, and counts what is under way. */
class Finder {
  readonly #deps: StsDeps;
  readonly #entries = makeLru<Entry>(MAX_ENTRIES);
  /** Domains that have a policy, to be looked at before it is over although no mail goes there. */
  readonly #withPolicy = new Set<string>();
  #fetches = 0;
  #slow = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(deps: StsDeps) {
    this.#deps = deps;
  }

  async of(domain: string, waitMs: number): Promise<StsFound> {
    const { clock } = this.#deps;
    const entry = this.#entryOf(domain);
    await entry.loading;
    if (clock.ticks() >= entry.lookAt && !entry.looking) this.#look(domain, entry);
    // Waited for where nothing is known yet; later looks go on beside the mail.
    const leftMs = Math.min(waitMs, entry.waitUntil - clock.ticks());
    const isNews = entry.lookAt === 0 && (entry.stored === undefined || this.#isOver(entry.stored));
    if (isNews && entry.looking && leftMs > 0) await this.#wait(entry.looking, leftMs);
    return this.#foundIn(entry);
  }

  /** Policies are fetched again before they are over, so that a domain with little mail stays protected (RFC 8461 §10.2). */
  sweep(): void {
    for (const domain of this.#withPolicy) {
      const entry = this.#entries.get(domain);
      if (!entry?.stored) this.#withPolicy.delete(domain);
      else if (!entry.looking && !this.#isFresh(entry.stored)) this.#look(domain, entry);
    }
  }

  #entryOf(domain: string): Entry {
    const known = this.#entries.get(domain);
    if (known) return known;
    const waitUntil = this.#deps.clock.ticks() + FIRST_WAIT_MS;
    const entry: Entry = { lookAt: 0, waitUntil, loading: Promise.resolve() };
    entry.loading = this.#deps.store.load(domain).then((stored) => {
      if (!stored || this.#isOver(stored)) return;
      entry.stored = stored;
      this.#remember(domain);
    });
    this.#entries.put(domain, entry);
    return entry;
  }

  #foundIn({ stored, trouble }: Entry): StsFound {
    if (stored && !this.#isOver(stored)) return { policy: stored.policy };
    return trouble ? { trouble } : {};
  }

  #look(domain: string, entry: Entry): void {
    entry.looking = this.#ask(domain, entry)
      .then((afterMs) => {
        entry.lookAt = this.#deps.clock.ticks() + afterMs;
      })
      .finally(() => {
        entry.looking = undefined;
      });
  }

  /** Asks the DNS, and the policy host where there is news; says after how long to look again. */
  async #ask(domain: string, entry: Entry): Promise<number> {
    const answer = await this.#deps.dns.txt(`_mta-sts.${domain}`);
    if (answer.kind === 'failed') return AFTER_DNS_TROUBLE_MS;
    const id = answer.kind === 'found' ? readStsRecord(answer.records) : undefined;
    if (id === undefined) {
      delete entry.trouble; // a policy that is known holds until it is over (RFC 8461 §3.3)
      return LOOK_AGAIN_MS;
    }
    if (entry.stored?.id === id && this.#isFresh(entry.stored)) return LOOK_AGAIN_MS;
    const fetched = await this.#inTurn(() => this.#fetch(domain));
    if ('kind' in fetched) {
      entry.trouble = fetched;
      return AFTER_TROUBLE_MS;
    }
    delete entry.trouble;
    entry.stored = { id, fetchedAt: this.#deps.clock.now(), policy: fetched };
    this.#remember(domain);
    await this.#deps.store.save(domain, entry.stored);
    return LOOK_AGAIN_MS;
  }

  /** At most so many at a time; the others wait for one to end, or to take so long that it is not counted any more. */
  async #inTurn(task: () => Promise<StsPolicy | StsTrouble>): Promise<StsPolicy | StsTrouble> {
    if (this.#waiting.length >= MAX_WAITING) return { kind: 'fetch', why: 'too many policies are fetched' };
    if (this.#fetches >= MAX_FETCHES) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#fetches++;
    let isSlow = false;
    const leave = (): void => {
      this.#fetches--;
      this.#waiting.shift()?.();
    };
    const stop = this.#deps.clock.after(SLOW_MS, () => {
      if (this.#slow >= MAX_SLOW) return;
      this.#slow++;
      isSlow = true;
      leave();
    });
    try {
      return await task();
    } finally {
      stop();
      if (isSlow) this.#slow--;
      else leave();
    }
  }

  async #fetch(domain: string): Promise<StsPolicy | StsTrouble> {
    const host = `mta-sts.${domain}`;
    const answer = await this.#deps.https({
      host,
      port: this.#deps.port,
      path: '/.well-known/mta-sts.txt',
      method: 'GET',
      withinMs: FETCH_MS,
      maxBytes: MAX_BYTES,
    });
    if (answer.kind === 'certificate') return { kind: 'certificate', why: answer.why };
    if (answer.kind === 'failed') return { kind: 'fetch', why: answer.why };
    // RFC 8461 §3.3: redirects are not followed.
    if (answer.status !== 200) return { kind: 'fetch', why: `${host} answers ${answer.status}` };
    if (answer.type !== 'text/plain') return { kind: 'policy', why: `${host} sends no text/plain` };
    const read = readStsPolicy(answer.text);
    return 'policy' in read ? read.policy : { kind: 'policy', why: read.problem };
  }

  #remember(domain: string): void {
    if (this.#withPolicy.size < MAX_SWEPT) this.#withPolicy.add(domain);
  }

  #isOver({ fetchedAt, policy }: StoredPolicy): boolean {
    return this.#deps.clock.now() >= fetchedAt + policy.maxAgeMs;
  }

  /** Not to be fetched again yet while its id is the same: younger than a day, and than half of what it lasts. */
  #isFresh({ fetchedAt, policy }: StoredPolicy): boolean {
    return this.#deps.clock.now() < fetchedAt + Math.min(policy.maxAgeMs / 2, FRESH_MS);
  }

  async #wait(task: Promise<void>, ms: number): Promise<void> {
    const enough = new AbortController();
    await Promise.race([task, this.#deps.clock.sleep(ms, enough.signal)]);
    enough.abort();
  }
}
