// The load: several sessions that send at a bounded rate and write each 250 into a ledger that is synced to disk.
import { open } from 'node:fs/promises';
import { makeMessage, repeatOf, type Message, type Mix } from './messages.ts';
import { makeRandom } from './random.ts';
import { SmtpClient, type Try } from './smtp.ts';
import { bodyDigest } from './treated.ts';

/** What the client knows of one message: the only witness of what was promised to it. */
export type Sent = {
  readonly testId: string;
  readonly recipients: readonly string[];
  readonly kind: string;
  /** Digest of its body. */
  readonly body: string;
  /** Not to be sent before. */
  readonly sendAt: number | undefined;
  /** The id of its 250. */
  id: string | undefined;
  tries: number;
  /** Tries that ended without a final reply although the dot was out, and with a 4xx to the dot. */
  silent: number;
  refused: number;
};

export type Load = Readonly<{
  sent: ReadonlyMap<string, Sent>;
  /** Numbers since the start; times in milliseconds. */
  figures(): Readonly<{
    refused: Readonly<Record<number, number>>;
    hung: number;
    slowestMs: number;
    /** Messages that were sent with the key of an earlier one and got its id; test ids of those that did not. */
    repeated: number;
    otherIds: readonly string[];
  }>;
  /** Messages with a 250 so far. */
  accepted(): number;
  /** Sends nothing new, sends again what has no 250 yet, and resolves when that is done or `limitMs` are over. */
  finish(limitMs: number): Promise<void>;
}>;

export type LoadOptions = Readonly<{
  seed: number;
  scenario: string;
  port: number;
  ledger: string;
  sessions: number;
  /** Messages a second, all sessions together. */
  rate: number;
  mix: Mix;
}>;

const AGAIN_MS = 150;
/** When a message is sent once more with the same key, after its 250. */
const REPEAT_MS = [100, 6_000] as const;

type Waiting = Readonly<{ message: Message; at: number }>;

export async function startLoad(options: LoadOptions): Promise<Load> {
  const { seed, scenario, port, sessions, rate, mix } = options;
  const random = makeRandom(seed, `${scenario} repeats`);
  const ledger = await openLedger(options.ledger);
  const sent = new Map<string, Sent>();
  const again: Message[] = [];
  const repeats: Waiting[] = [];
  const otherIds: string[] = [];
  const refused: Record<number, number> = {};
  let [hung, slowestMs, number, accepted, repeated, stopAt] = [0, 0, 0, 0, 0, Infinity];
  let finishing = false;

  const next = (): Message | undefined => again.shift() ?? dueRepeat() ?? (finishing ? undefined : fresh());
  const dueRepeat = (): Message | undefined => {
    const now = performance.now();
    const index = repeats.findIndex(({ at }) => finishing || at <= now);
    return index < 0 ? undefined : repeats.splice(index, 1)[0]?.message;
  };
  const fresh = (): Message => {
    const message = makeMessage({ seed, scenario, mix, now: Date.now() }, ++number);
    const { testId, recipients, kind, sendAt } = message;
    const facts = { testId, recipients, kind, sendAt, body: bodyDigest(message.raw) };
    sent.set(testId, { ...facts, id: undefined, tries: 0, silent: 0, refused: 0 });
    return message;
  };
  const accept = async (message: Message, entry: Sent, id: string): Promise<void> => {
    if (message.repeats !== undefined) {
      repeated++;
      if (id !== entry.id) otherIds.push(message.testId);
      return;
    }
    await ledger.add(JSON.stringify({ testId: message.testId, id }));
    entry.id = id;
    accepted++;
    if (message.key === undefined) return;
    const at = performance.now() + random.between(...REPEAT_MS);
    repeats.push({ message: repeatOf(message), at });
  };
  const note = async (message: Message, result: Try): Promise<void> => {
    const entry = sent.get(message.repeats ?? message.testId);
    if (!entry) return;
    slowestMs = Math.max(slowestMs, result.ms);
    if (message.repeats === undefined) entry.tries++;
    if (result.kind === 'accepted') return accept(message, entry, result.id);
    if (result.kind === 'refused') refused[result.code] = (refused[result.code] ?? 0) + 1;
    if (result.kind === 'silent' && result.hung) hung++;
    if (result.dotSent && message.repeats === undefined) entry[result.kind]++;
    // A try that never came to its dot is no try for those that are sent once.
    if (!message.once || !result.dotSent) again.push(message);
    await sleep(AGAIN_MS);
  };
  const session = async (): Promise<void> => {
    // Who they are is known by their address: the user whose mail is treated, and the one whose is not.
    const clients = { treated: new SmtpClient(port, '127.0.0.1'), plain: new SmtpClient(port, '127.0.0.2') };
    const pauseMs = (1000 * sessions) / rate;
    while (performance.now() < stopAt) {
      const since = performance.now();
      const message = next();
      if (!message && finishing) break;
      const client = clients[message?.kind === 'plain' ? 'plain' : 'treated'];
      if (message) await note(message, await client.send(message));
      await sleep(Math.max(1, pauseMs - (performance.now() - since)));
    }
    clients.treated.close();
    clients.plain.close();
  };
  const running = Promise.all(Array.from({ length: sessions }, session));
  return {
    sent,
    figures: () => ({ refused, hung, slowestMs, repeated, otherIds }),
    accepted: () => accepted,
    finish: async (limitMs) => {
      finishing = true;
      stopAt = performance.now() + limitMs;
      await running;
      await ledger.close();
    },
  };
}

/** Lines of one moment share a sync; `add` resolves when its line is on the disk. */
async function openLedger(path: string) {
  const file = await open(path, 'a');
  let lines: string[] = [];
  let turn: Promise<void> | undefined;
  let running: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    turn = undefined;
    const text = lines.join('');
    lines = [];
    await file.appendFile(text);
    await file.datasync();
  };
  return {
    add: (line: string): Promise<void> => {
      lines.push(`${line}\n`);
      turn ??= running = running.then(write);
      return turn;
    },
    close: () => file.close(),
  };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
