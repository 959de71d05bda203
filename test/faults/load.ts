// The load: several sessions that send at a bounded rate and write each 250 into a ledger that is synced to disk.
import { open } from 'node:fs/promises';
import { makeMessage, type Message } from './messages.ts';
import { SmtpClient, type Try } from './smtp.ts';

/** What the client knows of one message: the only witness of what was promised to it. */
export type Sent = {
  readonly testId: string;
  readonly recipients: readonly string[];
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
  figures(): Readonly<{ refused: Readonly<Record<number, number>>; hung: number; slowestMs: number }>;
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
}>;

const AGAIN_MS = 150;

export async function startLoad(options: LoadOptions): Promise<Load> {
  const { seed, scenario, port, sessions, rate } = options;
  const ledger = await openLedger(options.ledger);
  const sent = new Map<string, Sent>();
  const again: Message[] = [];
  const refused: Record<number, number> = {};
  let [hung, slowestMs, number, accepted, stopAt] = [0, 0, 0, 0, Infinity];
  let finishing = false;

  const next = (): Message | undefined => again.shift() ?? (finishing ? undefined : fresh());
  const fresh = (): Message => {
    const message = makeMessage(seed, scenario, ++number);
    const { testId, recipients } = message;
    sent.set(testId, { testId, recipients, id: undefined, tries: 0, silent: 0, refused: 0 });
    return message;
  };
  const note = async (message: Message, result: Try): Promise<void> => {
    const entry = sent.get(message.testId);
    if (!entry) return;
    entry.tries++;
    slowestMs = Math.max(slowestMs, result.ms);
    if (result.kind === 'accepted') {
      await ledger.add(JSON.stringify({ testId: message.testId, id: result.id }));
      entry.id = result.id;
      accepted++;
      return;
    }
    if (result.kind === 'refused') refused[result.code] = (refused[result.code] ?? 0) + 1;
    if (result.kind === 'silent' && result.hung) hung++;
    if (result.dotSent) entry[result.kind]++;
    // A try that never came to its dot is no try for those that are sent once.
    if (!message.once || !result.dotSent) again.push(message);
    await sleep(AGAIN_MS);
  };
  const session = async (): Promise<void> => {
    const client = new SmtpClient(port);
    const pauseMs = (1000 * sessions) / rate;
    while (performance.now() < stopAt) {
      const since = performance.now();
      const message = next();
      if (!message && finishing) break;
      if (message) await note(message, await client.send(message));
      await sleep(Math.max(1, pauseMs - (performance.now() - since)));
    }
    client.close();
  };
  const running = Promise.all(Array.from({ length: sessions }, session));
  return {
    sent,
    figures: () => ({ refused, hung, slowestMs }),
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
