// What every door for users' mail asks and tells: room, durability, limits, suppressions, known recipients.
import type { AcceptDeps } from '../accept/accept.ts';
import { makeDoor, type Door, type DoorDeps } from '../accept/hand-in.ts';
import { makeUnauthorised } from '../alerts/unauthorised.ts';
import { makeReserve, makeRoom } from '../backlog/quota.ts';
import { watchDurability } from '../store/durability.ts';
import { watchRoom } from '../store/room.ts';
import type { SubmitMail } from './backlog.ts';
import type { Base } from './base.ts';
import { linksOf } from './links.ts';
import { openLogInNotes } from './log-ins.ts';
import { makeTell } from './notices.ts';

const FULL = { kind: 'refused', why: 'full' } as const;
const UNSAFE = { kind: 'refused', why: 'broken' } as const;

type Asked = Required<
  Pick<
    AcceptDeps,
    | 'hostname'
    | 'clock'
    | 'log'
    | 'settings'
    | 'submit'
    | 'reserve'
    | 'openSpill'
    | 'isSuppressed'
    | 'links'
    | 'recipientFields'
    | 'learn'
    | 'loggedIn'
    | 'unauthorised'
    | 'room'
  >
>;

export type DoorWays = Readonly<{
  asked: Asked;
  /** Why no mail is taken just now. */
  full(): string | undefined;
  /** Nothing new is taken; what is said meanwhile is still noted. */
  stop(): void;
  /** To be called when the door is shut. */
  end(): void;
}>;

/** Mail that comes in another way than SMTP may be as much as mail over SMTP. */
export function doorLimits({
  config,
}: Base): Pick<DoorDeps, 'maxMessageBytes' | 'maxRecipients' | 'memoryBudget'> {
  const { maxMessageBytes, maxRecipients, memoryBudget } = config.smtp;
  return { maxMessageBytes, maxRecipients, memoryBudget };
}

/** A door of its own for one command. */
export async function openDoor(base: Base, submit: SubmitMail): Promise<Door & Readonly<{ close(): void }>> {
  const ways = await openWays(base, submit, 'command');
  const close = (): void => {
    ways.stop();
    ways.end();
  };
  return { ...makeDoor({ ...ways.asked, ...doorLimits(base) }), close };
}

/** Opens what a door of this process needs. */
export async function openWays(base: Base, submit: SubmitMail, role: string): Promise<DoorWays> {
  const { config, clock, log } = base;
  const room = watchRoom({
    redis: base.asking,
    clock,
    log,
    folder: config.data,
    isOurs: config.redis === 'embedded',
  });
  await room.look();
  const durability = watchDurability({ redis: base.asking, want: config.durability, clock, log });
  const logIns = await openLogInNotes(base);
  const unauthorised = makeUnauthorised({ ...base, redis: base.asking, tell: makeTell(base) });
  return {
    asked: {
      hostname: config.hostname,
      clock,
      log: log.child({ role }),
      settings: base.settings.current,
      submit: (request) => {
        if (room.problem() !== undefined) return Promise.resolve(FULL);
        return durability.problem() === undefined ? submit(request) : Promise.resolve(UNSAFE);
      },
      reserve: makeReserve(base.asking, base.keys, clock),
      openSpill: base.bodies.openSpill,
      isSuppressed: (account, address, user) => base.suppressions.isSuppressed(account, address, { user }),
      links: linksOf(base),
      recipientFields: (account, addresses) => base.recipients.fieldsOf(account, addresses),
      learn: (account, people) => base.recipients.learn(account, people),
      loggedIn: logIns.note,
      unauthorised: unauthorised.note,
      room: makeRoom(base.asking, base.keys, clock),
    },
    full: room.problem,
    stop: () => {
      room.stop();
      durability.stop();
      logIns.stop();
    },
    end: unauthorised.stop,
  };
}
