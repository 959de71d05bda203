// What Redis and the event files show: who is in hand, what is queued, what happened.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { eventSchema, type Event } from '../../src/model/event.ts';
import { domainSchema } from '../../src/model/settings.ts';
import { connectRedis } from '../../src/store/redis.ts';
import { watchSettings } from '../../src/store/settings.ts';
import { openTemplates } from '../../src/store/templates.ts';
import { templates } from './treated.ts';

const PREFIX = 'postino:';

export type Look = Readonly<{
  /** Refs of deliveries whose attempt was running at this moment, by the record. */
  sending(): Promise<readonly string[]>;
  /** All that a holder has taken, "<ref> <state>". */
  inHand(): Promise<readonly string[]>;
  /** Pid of the process that holds a transport's lease; 0: nobody. */
  holder(transport: string): Promise<number>;
  /** How many of a provider's connections each living process holds, by pid. */
  shares(provider: string): Promise<ReadonlyMap<number, number>>;
  /** Deliveries that have not ended, and events that are not on disk yet. */
  unfinished(): Promise<Readonly<{ deliveries: number; events: number }>>;
  /** "<submission>/<recipient>" of all records. */
  queued(): Promise<ReadonlySet<string>>;
  /** Keys of mail that should be gone with the last delivery. */
  leftovers(): Promise<readonly string[]>;
  /** Addresses that no mail may go to any more. */
  suppressed(): Promise<ReadonlySet<string>>;
  /** TXT records of a domain's keys by name, as the DNS would have them. */
  dkimRecords(domain: string): Promise<Readonly<Record<string, string>>>;
  /** Stores the templates of the load. */
  putTemplates(): Promise<void>;
  close(): Promise<void>;
}>;

/** A view of the relay's Redis; all reject while it is away. */
export function lookInto(url: string): Look {
  const redis = connectRedis({ url, purpose: 'events', prefix: PREFIX, log: silentLog });
  const words = async (command: string, ...args: (string | number)[]): Promise<string[]> => {
    const answer = await redis.call(command, ...args);
    return Array.isArray(answer) ? answer.map((word) => String(word ?? '')) : [String(answer)];
  };
  const keys = async (pattern: string): Promise<string[]> => words('KEYS', `${PREFIX}${pattern}`);
  const record = (ref: string, ...fields: string[]): Promise<string[]> =>
    words('HMGET', `${PREFIX}del:${ref}`, ...fields);
  const inHand = async (): Promise<string[]> => {
    await redis.whenReady(AbortSignal.timeout(5000));
    const hands = await keys('hand:*');
    const refs = (await Promise.all(hands.map((hand) => words('SMEMBERS', hand)))).flat();
    const states = await Promise.all(refs.map((ref) => record(ref, 'state')));
    return refs.map((ref, index) => `${ref} ${states[index]?.[0]}`);
  };
  return {
    sending: async () => {
      const refs = await inHand();
      return refs.filter((line) => line.endsWith(' sending')).map((line) => line.split(' ')[0] ?? '');
    },
    inHand,
    holder: async (transport) => {
      const owner = await redis.call('HGET', `${PREFIX}lease:${transport}`, 'owner');
      return typeof owner === 'string' ? pidOf(owner) : 0;
    },
    // "<held> <wanted> <until when>" by owner.
    shares: async (provider) => {
      const owners = await words('HKEYS', `${PREFIX}share:${provider}`);
      const shares = new Map<number, number>();
      for (const owner of owners) {
        const [held, , until] = (await words('HGET', `${PREFIX}share:${provider}`, owner))
          .join('')
          .split(' ');
        if (Number(until) > systemClock.now()) shares.set(pidOf(owner), Number(held));
      }
      return shares;
    },
    unfinished: async () => {
      await redis.whenReady(AbortSignal.timeout(5000));
      const [deliveries, events] = await Promise.all([
        redis.call('ZCARD', `${PREFIX}due`),
        redis.call('XLEN', `${PREFIX}events`),
      ]);
      return { deliveries: Number(deliveries), events: Number(events) };
    },
    queued: async () => {
      const found = await keys('del:*');
      const refs = found.map((key) => key.slice(`${PREFIX}del:`.length));
      const facts = await Promise.all(refs.map((ref) => record(ref, 'submission', 'recipient')));
      return new Set(facts.map(([submission, recipient]) => `${submission}/${addressIn(recipient)}`));
    },
    leftovers: async () => {
      // Not spills: one whose message never got its 250, or whose process died at the end, goes with the hourly sweep.
      const kinds = ['del:*', 'sub:*', 'body:*', 'open:*', 'hand:*', 'lane:*'];
      const found = (await Promise.all(kinds.map(keys))).flat();
      // What a killed process was still taking in goes by itself: the spill of a message without a 250 expires.
      const expiring = await Promise.all(found.map(async (key) => Number(await redis.call('PTTL', key)) > 0));
      return found.filter((_, i) => !expiring[i]);
    },
    suppressed: async () => {
      await redis.whenReady(AbortSignal.timeout(5000));
      return new Set(await words('HKEYS', `${PREFIX}suppressed:default`));
    },
    dkimRecords: async (domain) => {
      const stored = domainSchema.parse(
        JSON.parse(String(await redis.call('HGET', `${PREFIX}domains`, domain))),
      );
      return Object.fromEntries(
        stored.keys.map(({ selector, algorithm, publicKey }) => [
          `${selector}._domainkey.${domain}`,
          `v=DKIM1; k=${algorithm.split('-')[0]}; p=${publicKey}`,
        ]),
      );
    },
    putTemplates: async () => {
      await redis.whenReady(AbortSignal.timeout(5000));
      const settings = await watchSettings({ redis, clock: systemClock, log: silentLog });
      const store = openTemplates({ redis, prefix: PREFIX, clock: systemClock, settings });
      try {
        for (const [name, content] of Object.entries(templates)) {
          const put = await store.put('default', name, content);
          if (!put.ok) throw new Error(put.problem);
        }
      } finally {
        settings.close();
      }
    },
    close: () => redis.close(),
  };
}

/** An owner is called host/pid/random. */
const pidOf = (owner: string): number => Number(owner.split('/').at(-2));

function addressIn(json = '{}'): string {
  const recipient: unknown = JSON.parse(json);
  return typeof recipient === 'object' && recipient !== null && 'address' in recipient
    ? String(recipient.address)
    : '';
}

/** All events on disk, each once (readers drop repeats by their id), and how many lines were repeats. */
export function readEvents(data: string): Readonly<{ events: readonly Event[]; repeats: number }> {
  const folder = join(data, 'events');
  const events = new Map<string, Event>();
  let lines = 0;
  if (!existsSync(folder)) return { events: [], repeats: 0 };
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.jsonl'))) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      const event = parse(line);
      if (!event) continue;
      lines++;
      events.set(event.id, event);
    }
  }
  return { events: [...events.values()], repeats: lines - events.size };
}

/** Numbers of the visits that are told by the events on disk: a cheap look at a relay that is at work. */
export function readVisits(data: string): ReadonlySet<number> {
  const folder = join(data, 'events');
  const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.jsonl')) : [];
  const texts = names.map((name) => readFileSync(join(folder, name), 'latin1'));
  return new Set(texts.flatMap((text) => [...text.matchAll(/ visit-(\d+)"/g)].map(([, n]) => Number(n))));
}

function parse(line: string): Event | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** The lines of a ledger. */
export function readLedger<T>(path: string, read: (line: string) => T): readonly T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(read);
}
