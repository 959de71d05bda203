// Hits on their way to the events: taken at once, told apart from machines, written a moment later, also after Redis was away.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Event } from '../model/event.ts';
import { makeAgents } from './agent.ts';
import type { Append } from './append.ts';
import { makeBuffer } from './buffer.ts';
import { BURST_MS, makeBursts, type Burst } from './bursts.ts';
import { readDetails, type Details, type Stored } from './facts.ts';
import type { CountryOf } from './geo.ts';
import { describeHit, type Addresses, type Hit } from './hit.ts';

/** A text that was kept under `key`; undefined when it is not there any more. Rejects when the store does not answer. */
export type Find = (key: string) => Promise<string | undefined>;

export type RecorderDeps = Readonly<{
  clock: Clock;
  log: Log;
  find: Find;
  append: Append;
  countryOf: CountryOf;
  addresses: Addresses;
}>;

/** `lost`: there was no room. `flooded`: not written down because one letter was hit too often. */
export type RecorderState = Readonly<{ waiting: number; lost: number; flooded: number }>;

export type Recorder = Readonly<{
  /** Takes a hit; costs microseconds and never fails. */
  record(hit: Hit): void;
  state(): RecorderState;
  /** Writes what waits, for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}>;

/** Hits that wait at most: about 3 KB each when all of them are long. */
export const MAX_WAITING = 20_000;
/** Hits wait until it is known whether they are part of a burst. */
const HOLD_MS = BURST_MS + 200;
const WARN_MS = 60_000;

type Taken = Readonly<{ hit: Hit; count: number; burst: Burst | undefined }>;

/** Makes a recorder, which writes by itself until it is stopped. */
export function makeRecorder(deps: RecorderDeps): Recorder {
  const { clock, log } = deps;
  const bursts = makeBursts();
  const buffer = makeBuffer<Taken>({
    clock,
    write: makeWrite(deps),
    limit: MAX_WAITING,
    holdMs: HOLD_MS,
    onTrouble: (why) =>
      why === undefined
        ? log.info({}, 'Opens and clicks are written again.')
        : log.warn({ error: why }, 'Opens and clicks wait in memory: they cannot be written now.'),
  });
  const tally = { lost: 0, flooded: 0, told: 0, count: 0 };
  const warn = (): void => {
    const lost = tally.lost - tally.told;
    if (lost === 0) return;
    tally.told = tally.lost;
    log.warn({ lost }, `${MAX_WAITING} opens and clicks wait to be written; newer ones were not recorded.`);
  };
  const end = clock.every(WARN_MS, warn);
  return {
    record: (hit) => {
      const { delivery } = hit.subject;
      const ticks = clock.ticks();
      if (!bursts.take(delivery, ticks)) return void tally.flooded++;
      const burst = hit.link === undefined ? undefined : bursts.click(delivery, hit.link, ticks);
      tally.count = (tally.count + 1) % 1_000_000;
      if (!buffer.add({ hit, count: tally.count, burst })) tally.lost++;
    },
    state: () => ({ waiting: buffer.size(), lost: tally.lost, flooded: tally.flooded }),
    stop: async (graceMs) => {
      end();
      tally.lost += await buffer.stop(graceMs);
      warn();
    },
  };
}

/** Turns hits into events and appends them. What a token keeps elsewhere is looked up here, off the visitor's way. */
function makeWrite(deps: RecorderDeps): (batch: readonly Taken[]) => Promise<void> {
  const agentOf = makeAgents();
  const { find, countryOf, addresses } = deps;
  const describe = async ({ hit, count, burst }: Taken): Promise<Event> =>
    describeHit(hit, {
      details: await findDetails(hit.subject.details, find),
      agent: agentOf(hit.visitor.userAgent),
      country: countryOf(hit.visitor.ip),
      burst: burst?.isScan() ?? false,
      addresses,
      count,
    });
  return async (batch) => deps.append(await Promise.all(batch.map(describe)));
}

/** Details of a delivery, from the store where they were too long for its links. */
export async function findDetails(details: Details | Stored, find: Find): Promise<Details> {
  if (!('stored' in details)) return details;
  const text = await find(details.stored);
  return (text === undefined ? undefined : readDetails(text)) ?? { sender: '' };
}
