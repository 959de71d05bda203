// The archive's wiring: one delivering process takes in what ended, and removes what is kept no longer.
import { join } from 'node:path';
import { holdLease } from '../backlog/lease.ts';
import { readParts } from '../compose/body.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../lib/clock.ts';
import { reasonOf } from '../lib/reason.ts';
import type { Redis } from '../lib/script.ts';
import type { Settings } from '../model/settings.ts';
import type { Submission } from '../model/submission.ts';
import { openArchive, type Archive } from '../store/archive/archive.ts';
import { isAllIn } from '../store/archive/coming.ts';
import { makeKeeper } from '../store/archive/keeper.ts';
import type { Base } from './base.ts';

const TAKE_IN_MS = 1_000;
const PRUNE_MS = 3_600_000;

function archiveRoot({ data, archive }: Config): string {
  return archive.folder ?? join(data, 'archive');
}

type Around = Readonly<{ config: Config; clock: Clock; prefix: string }>;

/** The archive for those who read it. */
export function archiveOf(
  redis: Redis,
  { config, clock, prefix }: Around,
  settings: () => Settings,
): Archive {
  const around = { redis, prefix, clock };
  return openArchive({
    root: archiveRoot(config),
    settings,
    now: clock.now,
    isAllIn: (account, address) => isAllIn(around, account, address),
  });
}

/** A whole body that is still in the queue, or waits for the archive; undefined when it is gone. */
export async function readBody(
  { bodies }: Pick<Base, 'bodies'>,
  submission: Submission,
): Promise<Buffer | undefined> {
  const body = await bodies.load(submission);
  if (body === undefined || Buffer.isBuffer(body)) return body;
  return readParts([{ file: body.file, start: 0, size: body.size }]);
}

/** Begins to keep the archive, where no other process does. Resolves to what ends that. */
export function startArchive(base: Base): Readonly<{ stop(): Promise<void> }> {
  const { asking: redis, prefix, config, clock, bodies, settingsNow: settings } = base;
  const log = base.log.child({ role: 'archive' });
  const keeper = makeKeeper({
    redis,
    prefix,
    root: archiveRoot(config),
    maxBytes: config.archive.maxBytes,
    clock,
    log,
    settings,
    readBody: (submission) => readBody(base, submission),
    dropBody: bodies.drop,
  });
  let round = Promise.resolve();
  let busy = false;
  const quietly = (what: () => Promise<unknown>): void => {
    busy = true;
    round = round
      .then(async () => lease.valid() && what())
      .catch((error: unknown) =>
        log.warn({ error: reasonOf(error) }, 'The archive was interrupted; it is tried again.'),
      )
      .then(() => {
        busy = false;
      });
  };
  // What is there is counted by whoever begins to keep it.
  const lease = holdLease(
    'archive',
    { ...base, redis },
    { gained: () => quietly(keeper.prune), lost: () => undefined },
  );
  const ends = [
    clock.every(TAKE_IN_MS, () => busy || quietly(keeper.takeIn)),
    clock.every(PRUNE_MS, () => quietly(keeper.prune)),
  ];
  return {
    stop: async () => {
      for (const end of ends) end();
      await round;
      await lease.release();
    },
  };
}
