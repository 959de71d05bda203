// Learning names and merge fields of recipients from accepted mail: gathered for a moment, written together, never in the way.
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { makeLru } from './lru.ts';
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
/** What was written lately is not written again. */
const MAX_KNOWN_CHARS = 4_000_000;

/** `write` may reject: what was not written is lost, and learned again with the next message. */
export function makeLearner(
  deps: Readonly<{
    clock: Clock;
    log: Log;
    write(account: string, people: readonly Seen[]): Promise<void>;
  }>,
): Learner {
  const { clock, log, write } = deps;
  const known = makeLru<string>(MAX_KNOWN_CHARS, (text, key) => text.length + key.length);
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
    const worth = { name: learnableName(name), fields: learnableFields(fields) };
    if (address === undefined || (worth.name === '' && Object.keys(worth.fields).length === 0)) return;
    const key = keyOf(account, address);
    const print = JSON.stringify(worth);
    if (known.get(key) === print || (waiting.size >= MAX_WAITING && !waiting.has(key))) return;
    known.put(key, print);
    const earlier = waiting.get(key)?.person;
    const person = {
      address,
      seen,
      name: worth.name || earlier?.name,
      fields: learnableFields({ ...earlier?.fields, ...worth.fields }),
    };
    waiting.set(key, { account, person });
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

function keyOf(account: string, address: string): string {
  return `${account}:${address}`;
}
