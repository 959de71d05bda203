// The submission role: listeners take messages and hand them to the backlog.
import { join } from 'node:path';
import { makeAccept, type Accept, type OpenListener } from '../accept/accept.ts';
import { makeUnauthorised } from '../alerts/unauthorised.ts';
import { watchDurability } from '../store/durability.ts';
import { watchRoom } from '../store/room.ts';
import { makeReserve, makeRoom } from '../backlog/quota.ts';
import type { Base } from './base.ts';
import type { SubmitMail } from './backlog.ts';
import { linksOf } from './links.ts';
import { openLogInNotes } from './log-ins.ts';
import { makeTell } from './notices.ts';
import type { Role } from './role.ts';

const FULL = { kind: 'refused', why: 'full' } as const;
const UNSAFE = { kind: 'refused', why: 'broken' } as const;

export type SubmissionRole = Role &
  Readonly<{
    accept: Accept;
    listeners: readonly OpenListener[];
    /** Why no mail is taken just now. */
    room(): string | undefined;
  }>;

/** Opens the listeners. Throws a StartProblem with one sentence when one cannot be opened. */
export async function startSubmission(base: Base, submit: SubmitMail): Promise<SubmissionRole> {
  const { config, clock, log } = base;
  const { openSpill } = base.bodies;
  const room = watchRoom({
    redis: base.asking,
    clock,
    log,
    folder: config.data,
    isOurs: config.redis === 'embedded',
  });
  await room.look();
  const durability = watchDurability({ redis: base.asking, want: config.durability, clock, log });
  const take: SubmitMail = (request) => {
    if (room.problem() !== undefined) return Promise.resolve(FULL);
    return durability.problem() === undefined ? submit(request) : Promise.resolve(UNSAFE);
  };
  const logIns = await openLogInNotes(base);
  const unauthorised = makeUnauthorised({ ...base, redis: base.asking, tell: makeTell(base) });
  const accept = makeAccept({
    config: config.smtp,
    hostname: config.hostname,
    certificateFolder: join(config.data, 'tls'),
    clock,
    log: log.child({ role: 'submission' }),
    settings: base.settings.current,
    submit: take,
    reserve: makeReserve(base.asking, base.keys, clock),
    openSpill,
    isSuppressed: (account, address, user) => base.suppressions.isSuppressed(account, address, { user }),
    links: linksOf(base),
    recipientFields: (account, addresses) => base.recipients.fieldsOf(account, addresses),
    learn: (account, people) => base.recipients.learn(account, people),
    loggedIn: logIns.note,
    unauthorised: unauthorised.note,
    room: makeRoom(base.asking, base.keys, clock),
  });
  const listeners = await accept.start();
  return {
    name: 'submission',
    accept,
    listeners,
    room: room.problem,
    stop: async (graceMs) => {
      room.stop();
      durability.stop();
      logIns.stop();
      await accept.stop(graceMs);
      unauthorised.stop();
    },
  };
}
