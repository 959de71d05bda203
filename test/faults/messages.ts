// The messages of the load: each is made from the seed and its number, so that it can be sent again byte for byte. Pure.
import { makeRandom, type Random } from './random.ts';
import { writePlain, writeTreated, treatedKinds, threadKinds, type Kind } from './treated.ts';

/** plain: as most mail; usual: half of it with control headers; threads: all of it by templates and with inlined CSS. */
export type Mix = 'usual' | 'threads';

export type Message = Readonly<{
  testId: string;
  kind: Kind;
  recipients: readonly string[];
  raw: Buffer;
  /** Sent once: what the first try comes to is final. The others are sent again until they have their 250. */
  once: boolean;
  /** Not to be sent before, epoch milliseconds. */
  sendAt?: number;
  /** Its idempotency key. */
  key?: string;
  /** Test id of the message whose key this one has, too: it must be answered with that one's id, and never be sent. */
  repeats?: string;
}>;

export type MessageOptions = Readonly<{
  seed: number;
  scenario: string;
  mix: Mix;
  /** Epoch milliseconds: some are scheduled for some seconds later. */
  now: number;
}>;

const LARGE_BYTES = 300_000;
const MOST_TREATED = 4_000;

/** Most have one recipient and a few kilobytes; some several recipients, some a body too large for memory. */
export function makeMessage(options: MessageOptions, number: number): Message {
  const { seed, scenario, mix, now } = options;
  const testId = `${scenario}-${number}`;
  const random = makeRandom(seed, testId);
  const count = random.chance(0.1) ? 3 : 1;
  const recipients = Array.from({ length: count }, (_, index) => recipientOf(random, `${testId}-${index}`));
  const size = random.chance(0.02) ? LARGE_BYTES : random.between(500, 8_000);
  const once = random.chance(0.25);
  const kind = kindOf(random, mix);
  const facts = { testId, kind, recipients, once };
  if (kind === 'plain') return { ...facts, raw: writePlain(testId, recipients, size) };
  const sendAt = random.chance(0.12) ? secondsFrom(now, random.between(1, 5)) : undefined;
  const key = random.chance(0.3) ? `secret-key-${seed}-${testId}` : undefined;
  const wishes = { ...(sendAt === undefined ? {} : { sendAt }), ...(key === undefined ? {} : { key }) };
  return {
    ...facts,
    ...wishes,
    raw: writeTreated({ ...facts, ...wishes, size: Math.min(size, MOST_TREATED) }),
  };
}

/** Another message with the same key, as a program sends it that has forgotten that it did. */
export function repeatOf({ testId, kind, recipients, key }: Message): Message {
  const other = {
    testId: `${testId}-again`,
    kind,
    recipients,
    once: false,
    ...(key === undefined ? {} : { key }),
  };
  return { ...other, repeats: testId, raw: writeTreated({ ...other, size: 700 }) };
}

/** What an address begins with says what becomes of it: mx.ts. */
function recipientOf(random: Random, name: string): string {
  const fate = random.next();
  const kind = fate < 0.02 ? 'no' : fate < 0.05 ? 'grey' : fate < 0.09 ? 'late' : 'ok';
  return `${kind}-${name}@${random.chance(0.5) ? 'a' : 'b'}.test`;
}

function kindOf(random: Random, mix: Mix): Kind {
  if (mix === 'usual' && random.chance(0.5)) return 'plain';
  const kinds = mix === 'threads' ? threadKinds : treatedKinds;
  return kinds[random.between(0, kinds.length - 1)] ?? 'plain';
}

const secondsFrom = (now: number, seconds: number): number => (Math.ceil(now / 1000) + seconds) * 1000;
