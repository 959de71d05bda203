// Wiring of the scan: stored bodies go to the scanner, its verdicts into the backlog.
import type { AttemptDeps } from '../backlog/attempt.ts';
import { makeQuarantine, putInQuarantine, type Quarantine } from '../backlog/quarantine.ts';
import { makeVerdicts } from '../backlog/verdicts.ts';
import { makeExamine } from '../scan/examine.ts';
import { makeAsk } from '../scan/rspamd.ts';
import { makeTrouble } from '../scan/trouble.ts';
import { readHead } from '../compose/body.ts';
import type { Submission } from '../model/submission.ts';
import type { Base } from './base.ts';
import { SYSTEM } from './system.ts';
import { makeTell } from './notices.ts';

const SWEEP_MS = 15 * 60_000;

/** What operators do with the quarantine. */
export function openQuarantine(base: Base): Quarantine {
  const { asking: redis, keys, clock, operate } = base;
  return makeQuarantine({ redis, keys, clock, operate, verdicts: makeVerdicts({ redis, keys }) });
}

export type Scanning = Readonly<{
  deps: Pick<AttemptDeps, 'examine' | 'quarantine'>;
  stop(): void;
}>;

/** What attempts need to have messages scanned; nothing where no scanner is configured. */
export function openScan(base: Base): Scanning {
  const { config, asking: redis, keys, clock, bodies } = base;
  if (!config.scan) return { deps: {}, stop: () => undefined };
  const log = base.log.child({ role: 'scan' });
  const quarantine = openQuarantine(base);
  const stop = clock.every(SWEEP_MS, () => {
    quarantine
      .sweep()
      .catch((error: unknown) =>
        log.debug({ error: String(error) }, 'could not look through the quarantine'),
      );
  });
  const examine = makeExamine({
    config: config.scan,
    ask: makeAsk(config.scan),
    verdicts: makeVerdicts({ redis, keys }),
    loadBody: async (submission) => {
      const body = await bodies.load(submission);
      if (body === undefined) throw new Error(`the body of ${submission.id} cannot be found`);
      return body;
    },
    trouble: makeTrouble({ clock, tell: makeTell(base) }),
    clock,
    log,
    own: SYSTEM,
  });
  return {
    deps: { examine, quarantine: (subject, why) => putInQuarantine({ redis, keys, clock }, subject, why) },
    stop,
  };
}

/** The beginning of a stored message as text. */
export async function readSource(base: Base, submission: Submission, maxBytes: number): Promise<string> {
  const body = await base.bodies.load(submission);
  if (body === undefined) return '';
  if (Buffer.isBuffer(body)) return body.subarray(0, maxBytes).toString('utf8');
  return (await readHead(body, Math.min(maxBytes, body.size))).toString('utf8');
}
