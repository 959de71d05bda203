// The desk of the front door: users hand in mail for the world, by password or by the network they are in.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Authenticate } from './authenticate.ts';
import type { Desk } from './desk.ts';
import { readMail } from './envelope.ts';
import { ehloLines } from './hello.ts';
import { identify } from './identity.ts';
import { makeLogIn } from './login.ts';
import type { Tally } from './tally.ts';
import { refusalOfMail, UserTransaction, type TransactionDeps } from './transaction.ts';

export type SubmissionDeskDeps = TransactionDeps &
  Readonly<{ hostname: string; clock: Clock; log: Log; tally: Tally; authenticate: Authenticate }>;

/** Makes the desk of the front door. */
export function makeSubmissionDesk(deps: SubmissionDeskDeps): Desk {
  const { hostname, maxMessageBytes, settings, clock } = deps;
  return {
    makeLogIn: (address) => makeLogIn({ ...deps, address }),
    refusal: ({ userName, address }) => {
      const user = identify(settings(), userName, address);
      return 'code' in user ? user : undefined;
    },
    ehlo: (offer, { userName, address, isSecure }) => {
      const user = identify(settings(), userName, address);
      return ehloLines({ hostname, maxMessageBytes, ...offer, isSecure, user, now: clock.now() });
    },
    begin: (argument, { userName, address, isSecure }) => {
      const user = identify(settings(), userName, address);
      if ('code' in user) return user;
      const sender = readMail(argument, isSecure);
      if (!sender.ok) return sender.reply;
      return refusalOfMail(user, sender.value, deps) ?? new UserTransaction(user, sender.value, deps);
    },
  };
}
