// The inside of the thread that writes the history in PostgreSQL; it leaves the process's main thread to the mail.
import { workerData, type MessagePort } from 'node:worker_threads';
import { readBatch } from '../batch.ts';
import type { Keep } from '../config.ts';
import { placeText, readPlace } from '../place.ts';
import { HistoryProblem } from '../problem.ts';
import { makeVeil, type VeilOptions } from '../veil.ts';
import type { Answered } from '../wire.ts';
import { reasonOf } from '../../lib/reason.ts';
import type { PostgresAddress } from './address.ts';
import { eraseRecipients } from './erase.ts';
import { readMeta } from './meta.ts';
import { pruneAll } from './prune.ts';
import { makeWriting } from './session.ts';
import { makeTaker } from './take.ts';

/** What the thread is told when it starts, beside its port. */
export type WriterStart = Readonly<{ address: PostgresAddress; keep: Keep; veil: VeilOptions }>;
type Start = WriterStart & Readonly<{ port: MessagePort }>;
type Asked = Readonly<{ number: number; call: string; args: readonly unknown[] }>;
type Calls = ReadonlyMap<string, (...args: readonly unknown[]) => Promise<unknown>>;

/** `beside`: forgetting and pruning do not wait for batches, nor these for them. */
function makeCalls({ address, keep, veil: options }: Start): Calls {
  const veil = makeVeil(options);
  const writer = makeWriting(address, 'writer');
  const beside = makeWriting(address, 'beside');
  const taker = makeTaker(veil);
  return new Map<string, (...args: readonly unknown[]) => Promise<unknown>>([
    ['take', (batch) => writer.run((session) => taker(session, readBatch(batch)))],
    ['cursor', () => writer.run(async ({ ask }) => placeOf((await readMeta(ask)).get('cursor')))],
    [
      'forget',
      (account, address_) =>
        beside.run((session) =>
          eraseRecipients(session, {
            account: String(account),
            addresses: veil.recipients(String(address_)),
          }),
        ),
    ],
    ['prune', (now) => pruneAll(beside, { keep, now: Number(now) })],
    ['close', () => Promise.all([writer.close(), beside.close()])],
  ]);
}

/** Only what is a place at all. */
function placeOf(text: string | undefined): string {
  const place = readPlace(text);
  return place ? placeText(place) : '';
}

// What comes in was made by ourselves, in another thread: only its kind is asked, a schema would be slow to load.
function has(value: unknown, ...names: readonly string[]): value is object {
  return typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name));
}
const isStart = (value: unknown): value is Start => has(value, 'port', 'address', 'veil');
const isAsked = (value: unknown): value is Asked => has(value, 'number', 'call', 'args');

async function serve({ number, call, args }: Asked, calls: Calls): Promise<Answered> {
  try {
    return { number, value: await calls.get(call)?.(...args) };
  } catch (error) {
    const why = reasonOf(error);
    const isKnown = error instanceof HistoryProblem;
    return { number, problem: isKnown ? why : `The history cannot be used just now. (${why})` };
  }
}

function listen(port: MessagePort, calls: Calls): void {
  port.on('message', (asked: unknown) => {
    if (isAsked(asked)) void serve(asked, calls).then((answered) => port.postMessage(answered));
  });
}

if (isStart(workerData)) listen(workerData.port, makeCalls(workerData));
