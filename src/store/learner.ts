// Learning names and merge fields of recipients from accepted mail: gathered for a moment, written together, never in the way.
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { makeLru, type Lru } from '../lib/lru.ts';
import { learnableFields, learnableName, recipientAddress, type Person } from './recipient-facts.ts';

export type Seen = Person & Readonly<{ seen: EpochMs }>;

export type Learner = Readonly<{
  learn(account: string, people: readonly Person[]): void;
  /** Forgets what waits to be written about an address. */
  drop(account: string, address: string): void;
  flush(): Promise<void>;
}>;

const GATHER_MS = 300;
/** People who wait to be written; more are not learned, which costs nothing but their merge fields. */
const MAX_WAITING = 5000;
/** What was written may have been forgotten meanwhile, or had no room. */
const KNOWN_MS = 3_600_000;
const MAX_KNOWN_CHARS = 4_000_000;
const MAX_PRINT = 8192;

/** `write` may reject: what was not written is lost, and learned again with the next message. */
export function makeLearner(
  deps: Readonly<{
    clock: Clock;
    log: Log;
    write(account: string, people: readonly Seen[]): Promise<void>;
  }>,
): Learner {
  const { clock, log, write } = deps;
  const known = makeKnown(clock);
  const waiting = new Map<string, Readonly<{ account: string; person: Seen }>>();
  let timer: (() => void) | undefined;

  const flush = async (): Promise<void> => {
    timer?.();
    timer = undefined;
    const people = [...waiting.values()];
    waiting.clear();
    for (const [account, group] of Map.groupBy(people, (one) => one.account))
      await write(
        account,
        group.map(({ person }) => person),
      ).catch((error: unknown) => {
        for (const { person } of group) known.drop(keyOf(account, person.address));
        log.debug({ error: String(error) }, 'Names and fields of recipients could not be stored.');
      });
  };
  const note = (account: string, { address: text, name, fields }: Person, seen: EpochMs): void => {
    const address = recipientAddress(text);
    if (address === undefined) return;
    const key = keyOf(account, address);
    const print = JSON.stringify([name, fields]);
    if (known.has(key, print) || (waiting.size >= MAX_WAITING && !waiting.has(key))) return;
    known.keep(key, print);
    const worth = { name: learnableName(name), fields: learnableFields(fields) };
    if (worth.name === '' && Object.keys(worth.fields).length === 0) return;
    waiting.set(key, { account, person: merged(waiting.get(key)?.person, { address, seen, ...worth }) });
    timer ??= clock.after(GATHER_MS, () => void flush());
  };
  return {
    learn: (account, people) => {
      const now = clock.now();
      for (const person of people) note(account, person, now);
    },
    drop: (account, address) => {
      const key = keyOf(account, recipientAddress(address) ?? '');
      known.drop(key);
      waiting.delete(key);
    },
    flush,
  };
}

type Known = Readonly<{
  has(key: string, print: string): boolean;
  keep(key: string, print: string): void;
  drop(key: string): void;
}>;

/** What was written lately and is not written again, for an hour. */
function makeKnown(clock: Clock): Known {
  const begin = (): Lru<string> => makeLru(MAX_KNOWN_CHARS, (text, key) => text.length + key.length);
  let prints = begin();
  let until = clock.ticks() + KNOWN_MS;
  return {
    has: (key, print) => {
      if (clock.ticks() > until) {
        prints = begin();
        until = clock.ticks() + KNOWN_MS;
      }
      return prints.get(key) === print;
    },
    keep: (key, print) => {
      if (print.length <= MAX_PRINT) prints.put(key, print);
    },
    drop: (key) => prints.drop(key),
  };
}

/** What the later message says wins. */
function merged(earlier: Seen | undefined, later: Seen): Seen {
  if (!earlier) return later;
  const fields = learnableFields({ ...earlier.fields, ...later.fields });
  return { ...later, name: later.name || earlier.name, fields };
}

function keyOf(account: string, address: string): string {
  return `${account}:${address}`;
}
