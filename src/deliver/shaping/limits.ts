// The limits that hold now: a hash in Redis, in the memory of every process that delivers; each beginning and end is told.
import { hashIn } from '../../lib/answers.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { loadScript, type Redis } from '../../lib/script.ts';
import type { Notice } from '../../model/notice.ts';
import { limitId, limitSchema, namesIn, sayEffect, type Limit } from './limit.ts';

const limitScript = loadScript(new URL('./scripts/limit-1.lua', import.meta.url));

export type Limits = Readonly<{
  /** Those that hold now, as of the last look (a second). */
  list(): readonly Limit[];
  /** Puts a limit in force, or makes one of the same id longer. Rejects with RedisTrouble, but holds here all the same. */
  set(limit: Omit<Limit, 'id' | 'at'>): Promise<void>;
  /** Lifts a limit. False when there is none of this id. Rejects with RedisTrouble. */
  cancel(id: string, by: string): Promise<boolean>;
  refresh(): Promise<void>;
  /** Calls `task` after each change; what it returns ends that. */
  onChange(task: () => void): () => void;
  stop(): void;
}>;

export type LimitsDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  log: Log;
  /** Tells of beginnings and ends; never rejects. */
  tell(notice: Notice): Promise<void>;
}>;

const POLL_MS = 1000;
/** Nobody needs more; what floods us must not grow without bound. Those of single sites make room for others. */
const MAX_LIMITS = 2000;

/** Opens the limits: they are read every second, and at once where they are changed here. */
export function openLimits(deps: LimitsDeps): Limits {
  const watched = new Watched(deps);
  const quietly = (): void => {
    watched
      .refresh()
      .catch((error: unknown) => deps.log.debug({ error: String(error) }, 'could not read the limits'));
  };
  const stop = deps.clock.every(POLL_MS, quietly);
  return {
    list: () => watched.list(),
    set: (limit) => watched.set(limit),
    cancel: (id, by) => watched.cancel(id, by),
    refresh: () => watched.refresh(),
    onChange: (task) => watched.onChange(task),
    stop,
  };
}

/** A class: it has changing state. */
class Watched {
  readonly #deps: LimitsDeps;
  readonly #key: string;
  readonly #tasks = new Set<() => void>();
  #limits: readonly Limit[] = [];
  #json = '';

  constructor(deps: LimitsDeps) {
    this.#deps = deps;
    this.#key = `${deps.prefix}limits`;
  }

  list(): readonly Limit[] {
    return this.#limits;
  }

  onChange(task: () => void): () => void {
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  async refresh(): Promise<void> {
    const entries = [...hashIn(await this.#deps.redis.call('HGETALL', this.#key))];
    const json = JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
    const now = this.#deps.clock.now();
    if (json !== this.#json) {
      const read = entries.flatMap(([, text]) => readLimit(text));
      this.#json = json;
      this.#changed(read.filter(({ until }) => until > now));
      await Promise.all(read.filter(({ until }) => until <= now).map((limit) => this.#end(limit)));
      return;
    }
    const over = this.#limits.filter(({ until }) => until <= now);
    if (over.length === 0) return;
    this.#changed(this.#limits.filter(({ until }) => until > now));
    await Promise.all(over.map((limit) => this.#end(limit)));
  }

  async set(wanted: Omit<Limit, 'id' | 'at'>): Promise<void> {
    const at = this.#deps.clock.now();
    const known = this.#limits.find(({ id }) => id === limitId(wanted));
    // What is made again while it holds becomes longer, and is still the same.
    const until = Math.max(wanted.until, known?.until ?? 0);
    const limit: Limit = { ...wanted, until, id: limitId(wanted), at: known?.at ?? at };
    const others = this.#limits.filter(({ id }) => id !== limit.id);
    const displaced = others.length < MAX_LIMITS ? undefined : displacedBy(limit, others);
    if (displaced === 'none') {
      this.#deps.log.warn({ limit: limit.id }, 'there are too many limits: this one does not hold');
      return;
    }
    // It holds here at once, and whatever becomes of Redis.
    this.#changed([...others.filter((one) => one !== displaced), limit]);
    const answer = await this.#deps.redis.run(limitScript, [this.#key], [limit.id, JSON.stringify(limit)]);
    if (Number(answer) === 1) await this.#tell(limit, at, limit.why);
    if (displaced && (await this.#remove(displaced.id)))
      await this.#tell(displaced, at, 'There are too many: it made room for another.', true);
  }

  async cancel(id: string, by: string): Promise<boolean> {
    await this.refresh();
    const limit = this.#limits.find((one) => one.id === id);
    if (!limit || !(await this.#remove(id))) return false;
    this.#changed(this.#limits.filter((one) => one.id !== id));
    await this.#tell(limit, this.#deps.clock.now(), `Lifted by ${by}.`, true);
    return true;
  }

  /** Of several processes that see it end, the one that removes it tells. */
  async #end(limit: Limit): Promise<void> {
    if (await this.#remove(limit.id)) await this.#tell(limit, limit.until, 'Its time is over.', true);
  }

  async #remove(id: string): Promise<boolean> {
    return Number(await this.#deps.redis.call('HDEL', this.#key, id)) === 1;
  }

  async #tell(limit: Limit, at: number, reason: string, over?: true): Promise<void> {
    const { scope, key, rule, until } = limit;
    const about = { type: 'limit', scope, key, rule, action: sayEffect(limit), until } as const;
    await this.#deps.tell({ ...about, ...namesIn(limit), at, reason, ...(over && { over }) });
  }

  #changed(limits: readonly Limit[]): void {
    this.#limits = limits;
    for (const task of this.#tasks) task();
  }
}

/**
 * Where there are too many: the one that ends first of those that are about a single site, and only for one that is about
 * more. Strangers have as many sites as they like, and must not keep us from slowing down for a provider.
 */
function displacedBy(limit: Limit, others: readonly Limit[]): Limit | 'none' {
  const sites = isOfOneSite(limit) ? [] : others.filter(isOfOneSite);
  const [first] = sites.toSorted((a, b) => a.until - b.until);
  return first ?? 'none';
}

const isOfOneSite = (limit: Limit): boolean => namesIn(limit).site !== undefined;

function readLimit(text: string): readonly Limit[] {
  try {
    const read = limitSchema.safeParse(JSON.parse(text));
    return read.success ? [read.data] : [];
  } catch {
    return [];
  }
}
