// The submission role: listeners take messages and hand them to the backlog.
import { join } from 'node:path';
import { makeAccept, type Accept, type OpenListener } from '../accept/accept.ts';
import type { SubmitMail } from './backlog.ts';
import type { Base } from './base.ts';
import { openWays } from './door.ts';
import type { Role } from './role.ts';

export type SubmissionRole = Role &
  Readonly<{
    accept: Accept;
    listeners: readonly OpenListener[];
    /** Why no mail is taken just now. */
    room(): string | undefined;
  }>;

/** Opens the listeners. Throws a StartProblem with one sentence when one cannot be opened. */
export async function startSubmission(base: Base, submit: SubmitMail): Promise<SubmissionRole> {
  const { config } = base;
  const ways = await openWays(base, submit, 'submission');
  const accept = makeAccept({
    ...ways.asked,
    config: config.smtp,
    certificateFolder: join(config.data, 'tls'),
  });
  const listeners = await accept.start();
  return {
    name: 'submission',
    accept,
    listeners,
    room: ways.full,
    stop: async (graceMs) => {
      ways.stop();
      await accept.stop(graceMs);
      ways.end();
    },
  };
}
