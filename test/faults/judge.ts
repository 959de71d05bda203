// The judge: compares what the client was promised, what the MX took, what the events say and what is still queued. Pure.
import type { Event } from '../../src/model/event.ts';
import type { Sent } from './load.ts';
import type { MxRecord } from './mx.ts';

export type Evidence = Readonly<{
  sent: Iterable<Sent>;
  /** All letters that the MX saw, whether it took them or not. */
  seen: readonly MxRecord[];
  events: readonly Event[];
  /** "<submission>/<recipient>" of deliveries whose record is in Redis. */
  queued: ReadonlySet<string>;
  /** Delivery ids that were being sent at the kills, and how many in all. */
  inFlight: ReadonlySet<string>;
}>;

/** Numbers are deliveries (one recipient of one message) unless they say otherwise. Lists name "<test id>/<recipient>". */
export type Verdict = Readonly<{
  messages: number;
  accepted: number;
  delivered: number;
  bounced: number;
  queued: number;
  /** Promised, and neither at the MX nor bounced nor queued; reports of failures that did not arrive count too. */
  lost: readonly string[];
  /** Copies at the MX beyond the first. */
  duplicates: number;
  /** Duplicates of deliveries that were not in flight at any kill. */
  unexplained: readonly string[];
  /** Keys whose copies for equal peers differ, and how many pairs of copies were compared. */
  differing: readonly string[];
  compared: number;
  /** Keys whose body is not the one that was sent, of those that nobody may touch. */
  touched: readonly string[];
  /** Keys of letters that were seen before their time, and how many had one. */
  early: readonly string[];
  scheduled: number;
  /** At the MX without a 250, where the client saw no final reply. */
  ghosts: number;
  /** At the MX although the client's only final replies were 4xx: Redis died between storing and answering. */
  disowned: readonly string[];
  /** At the MX although the client never sent its dot, or was never heard of. */
  impossible: readonly string[];
  /** Test ids that were accepted under more than one id. */
  acceptedTwice: readonly string[];
  /** Deliveries with no terminal event, or with different ones. */
  badEnds: readonly string[];
  /** "delivered" by the events and never seen by the MX. */
  phantoms: readonly string[];
  /** Taken by an MX that gave no reply, where the end does not say how often that happened. */
  untoldAmbiguity: readonly string[];
}>;

const TERMINAL = new Set(['delivered', 'bounced', 'expired', 'dropped', 'cancelled']);

export function judge({ sent, seen, events, queued, inFlight }: Evidence): Verdict {
  const taken = seen.filter(({ deferred }) => !deferred);
  const copies = Map.groupBy(taken, ({ key }) => key);
  const told = readEvents(events);
  const messages = [...sent];
  const promised = messages.flatMap((one) =>
    one.id === undefined ? [] : one.recipients.map((recipient) => ({ ...one, recipient })),
  );
  const keys = promised.map(({ testId, recipient }) => `${testId}/${recipient}`);
  const isQueued = new Set(
    promised
      .filter(({ id, recipient }) => queued.has(`${id}/${recipient}`))
      .map(({ testId, recipient }) => `${testId}/${recipient}`),
  );
  const bounced = keys.filter((key) => told.ends.get(key)?.has('bounced') && !copies.has(key));
  const gone = new Set(bounced);
  const lost = keys.filter((key) => !copies.has(key) && !gone.has(key) && !isQueued.has(key));
  const unreported = bounced.filter((key) => !copies.has(`report ${key}`)).map((key) => `report ${key}`);
  const repeated = [...copies].filter(([, list]) => list.length > 1);
  const strangers = [...copies.keys()].filter((key) => !key.startsWith('report '));
  return {
    messages: messages.filter(({ id }) => id !== undefined).length,
    accepted: keys.length,
    delivered: keys.filter((key) => copies.has(key)).length,
    bounced: bounced.length,
    queued: isQueued.size,
    lost: [...lost, ...(queued.size === 0 ? unreported : [])],
    duplicates: repeated.reduce((sum, [, list]) => sum + list.length - 1, 0),
    unexplained: repeated
      .filter(([key, list]) => !list.some(({ dropped }) => dropped) && !isExplained(key, told, inFlight))
      .map(([key]) => key),
    ...compare(seen),
    ...checkPromises(new Map(messages.map((one) => [one.testId, one])), seen),
    ...sortGhosts(messages, strangers),
    acceptedTwice: [...told.submissions].filter(([, ids]) => ids.size > 1).map(([testId]) => testId),
    badEnds: keys.filter((key) => !isQueued.has(key) && told.ends.get(key)?.size !== 1),
    phantoms: keys.filter((key) => told.ends.get(key)?.has('delivered') && !copies.has(key)),
    untoldAmbiguity: [...copies]
      .filter(([key, list]) => list.filter(({ dropped }) => dropped).length > (told.ambiguous.get(key) ?? 0))
      .map(([key]) => key),
  };
}

/** All copies of a letter that equal peers ever saw must be equal; taken, put off after the dot, or cut off. */
function compare(seen: readonly MxRecord[]): Pick<Verdict, 'differing' | 'compared'> {
  const groups = Map.groupBy(seen, ({ key, eightBit }) => `${key} ${eightBit}`);
  const repeated = [...groups.values()].filter((list) => list.length > 1);
  const differing = repeated.filter((list) => new Set(list.map(({ digest }) => digest)).size > 1);
  return {
    differing: differing.map(([first]) => first?.key ?? ''),
    compared: repeated.reduce((sum, list) => sum + list.length - 1, 0),
  };
}

const UNTOUCHED = new Set(['plain', 'signed']);

function checkPromises(
  sent: ReadonlyMap<string, Sent>,
  seen: readonly MxRecord[],
): Pick<Verdict, 'touched' | 'early' | 'scheduled'> {
  const letters = seen
    .filter(({ key }) => !key.startsWith('report '))
    .map((record) => ({ ...record, message: sent.get(record.key.slice(0, record.key.indexOf('/'))) }));
  const isTouched = ({ message, kind, body }: (typeof letters)[number]): boolean =>
    message !== undefined && UNTOUCHED.has(kind) && message.body !== body;
  return {
    touched: letters.filter(isTouched).map(({ key }) => key),
    early: letters.filter(({ message, at }) => at < (message?.sendAt ?? 0)).map(({ key }) => key),
    scheduled: [...sent.values()].filter(({ id, sendAt }) => id !== undefined && sendAt !== undefined).length,
  };
}

type Told = Readonly<{
  /** Types of terminal events by key. */
  ends: ReadonlyMap<string, ReadonlySet<string>>;
  /** Delivery ids by key. */
  deliveries: ReadonlyMap<string, ReadonlySet<string>>;
  submissions: ReadonlyMap<string, ReadonlySet<string>>;
  ambiguous: ReadonlyMap<string, number>;
}>;

function readEvents(events: readonly Event[]): Told {
  const ends = new Map<string, Set<string>>();
  const deliveries = new Map<string, Set<string>>();
  const submissions = new Map<string, Set<string>>();
  const ambiguous = new Map<string, number>();
  for (const event of events) {
    const testId = /^<(.*)@faults\.test>$/.exec(event.messageId ?? '')?.[1];
    if (testId === undefined) continue;
    const key = `${testId}/${event.recipient}`;
    put(deliveries, key, event.delivery);
    put(submissions, testId, event.submission);
    if (TERMINAL.has(event.type)) put(ends, key, event.type);
    ambiguous.set(key, Math.max(ambiguous.get(key) ?? 0, event.ambiguous ?? 0));
  }
  return { ends, deliveries, submissions, ambiguous };
}

function put(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key) ?? new Set();
  map.set(key, values.add(value));
}

/** A report is a delivery of its own; its id is not told by its key, so that any system delivery in flight explains it. */
function isExplained(key: string, told: Told, inFlight: ReadonlySet<string>): boolean {
  if (key.startsWith('report ')) return [...inFlight].some((ref) => ref.startsWith('system:'));
  return [...(told.deliveries.get(key) ?? [])].some((id) => inFlight.has(`default:${id}`));
}

function sortGhosts(
  messages: readonly Sent[],
  keys: readonly string[],
): Pick<Verdict, 'ghosts' | 'disowned' | 'impossible'> {
  const byTestId = new Map(messages.map((one) => [one.testId, one]));
  const disowned: string[] = [];
  const impossible: string[] = [];
  let ghosts = 0;
  for (const key of keys) {
    const one = byTestId.get(key.slice(0, key.indexOf('/')));
    if (one?.id !== undefined) continue;
    if (one && one.silent > 0) ghosts++;
    else (one && one.refused > 0 ? disowned : impossible).push(key);
  }
  return { ghosts, disowned, impossible };
}
