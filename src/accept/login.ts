// The AUTH dialogue of one connection (RFC 4954): PLAIN and LOGIN, with and without an initial response.
import type { Log } from '../lib/log.ts';
import type { User } from '../model/settings.ts';
import type { Authenticate } from './authenticate.ts';
import { clean, replies, type Reply } from './replies.ts';
import { decodeText, isName, readPlain } from './sasl.ts';
import type { Tally } from './tally.ts';

/** What to answer, and what comes then: the client's next line, a user, or the end of the connection. */
export type Step = Readonly<{
  reply: Reply;
  next?: (line: string) => Promise<Step>;
  user?: User;
  hangUp?: boolean;
}>;

export type LogInDeps = Readonly<{ authenticate: Authenticate; address: string; log: Log; tally: Tally }>;

const MAX_FAILURES = 3;
const USERNAME = 'VXNlcm5hbWU6'; // "Username:", as every client expects it
const PASSWORD = 'UGFzc3dvcmQ6'; // "Password:"

/** Makes the dialogue of one connection; call it with what follows "AUTH". */
export function makeLogIn({
  authenticate,
  address,
  log,
  tally,
}: LogInDeps): (argument: string) => Promise<Step> {
  let failures = 0;

  const finish = async (name: string, password: string): Promise<Step> => {
    const logIn = await authenticate({ name, password, address });
    if (logIn.kind === 'user') {
      tally.count('logIns');
      return { reply: replies.authenticated, user: logIn.user };
    }
    if (logIn.kind === 'refused') return { reply: logIn.reply, hangUp: logIn.hangUp };
    tally.count('failedLogIns');
    failures++;
    log.info({ user: clean(name), address }, 'Log-in failed.');
    return failures < MAX_FAILURES ? { reply: logIn.reply } : { reply: replies.tooManyLogIns, hangUp: true };
  };

  const takePlain = async (line: string): Promise<Step> => {
    if (line === '*') return { reply: replies.cancelled };
    const pair = readPlain(line);
    return pair ? finish(pair.name, pair.password) : { reply: replies.badBase64 };
  };

  const takeName = async (line: string): Promise<Step> => {
    if (line === '*') return { reply: replies.cancelled };
    const name = decodeText(line, 'no nul');
    if (name === undefined || !isName(name)) return { reply: replies.badBase64 };
    return { reply: replies.challenge(PASSWORD), next: (answer) => takePassword(name, answer) };
  };

  const takePassword = async (name: string, line: string): Promise<Step> => {
    if (line === '*') return { reply: replies.cancelled };
    const password = decodeText(line, 'no nul');
    return password === undefined ? { reply: replies.badBase64 } : finish(name, password);
  };

  return async (argument) => {
    const [mechanism = '', initial, ...more] = argument.split(' ').filter(Boolean);
    const isPlain = mechanism.toUpperCase() === 'PLAIN';
    if (!isPlain && mechanism.toUpperCase() !== 'LOGIN') return { reply: replies.unknownMechanism };
    if (more.length > 0) return { reply: replies.badBase64 };
    const take = isPlain ? takePlain : takeName;
    if (initial !== undefined) return take(initial);
    return { reply: replies.challenge(isPlain ? '' : USERNAME), next: take };
  };
}
