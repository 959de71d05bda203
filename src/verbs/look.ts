// When and why what waits is tried next, read where it waits: the history only knows what has happened.
import type { Transitions } from '../backlog/transitions.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { refOf, type Delivery } from '../model/delivery.ts';
import type { VerbContext } from './context.ts';
import { listLimits, type LimitVerbs, type ShownLimit } from './limit.ts';
import { withReasons, type QueueVerbs } from './queue.ts';
import { makeShared } from './shared.ts';
import { listTransports, type ShownTransport } from './transport.ts';
import { whyWaits, type Why } from './waiting.ts';

/** Limits and pauses, and the transports with their states. */
export type Surroundings = Readonly<{
  limits: readonly ShownLimit[];
  transports: readonly ShownTransport[];
}>;

/** All who look within a second or two are told the same. Rejects with RedisTrouble. */
export type LookAround = () => Promise<Surroundings>;

/** `due` is when it is looked at next; `why` absent: it is only its turn that it waits for. */
export type Wait = Readonly<{ due: EpochMs; why?: Why }>;

/** What is said of a delivery that may wait. */
export type Asked = Readonly<{ account: string; delivery: string; status: string }>;

/** By delivery; those that do not wait (any more) are not there. */
export type LookAtWaiting = (asked: readonly Asked[]) => Promise<ReadonlyMap<string, Wait>>;

const FRESH_MS = 1500;
const PATIENCE_MS = 25;
/** Those at the end of a long list are told without. */
const MAX_LOOKED = 200;

type AroundDeps = LimitVerbs &
  Readonly<{ clock: Clock }> &
  Pick<VerbContext, 'settings' | 'states' | 'warmup' | 'sealer' | 'today'>;

export function makeLookAround(deps: AroundDeps): LookAround {
  const rules = { clock: deps.clock, freshMs: FRESH_MS, patienceMs: PATIENCE_MS };
  return makeShared(rules, async () => {
    const [limits, transports] = await Promise.all([listLimits(deps), listTransports(deps)]);
    return { limits, transports };
  });
}

type LookDeps = Pick<QueueVerbs, 'quarantine' | 'clock'> &
  Readonly<{ around: LookAround; transitions: Pick<Transitions, 'read'> }>;

export function makeLookAtWaiting(deps: LookDeps): LookAtWaiting {
  return async (asked) => {
    const open = asked
      .filter(({ status }) => status === 'queued' || status === 'deferred')
      .slice(0, MAX_LOOKED);
    if (open.length === 0) return new Map();
    const records = await Promise.all(
      open.map(({ account, delivery: id }) => deps.transitions.read(refOf({ account, id }))),
    );
    const waiting = records.filter((record) => record !== undefined && record !== 'unknown');
    const [around, told] = await Promise.all([deps.around(), withReasons(deps, waiting)]);
    const now = deps.clock.now();
    return new Map(told.map((delivery) => [delivery.id, waitOf(delivery, whyOf(delivery, around, now))]));
  };
}

function waitOf({ due }: Delivery, why: Why | undefined): Wait {
  return why === undefined ? { due } : { due, why };
}

function whyOf(
  delivery: Delivery & Readonly<{ quarantined?: string }>,
  around: Surroundings,
  now: EpochMs,
): Why | undefined {
  const { quarantined, hold = '', due, attempts } = delivery;
  if (quarantined !== undefined) return { kind: 'paused', scope: 'message', text: quarantined };
  const ahead = due <= now ? '' : attempts > 0 ? 'retry' : 'later';
  return whyWaits({ ...delivery, hold, ahead }, around);
}
