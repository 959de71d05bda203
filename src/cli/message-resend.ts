// postino message resend: a message goes out again, from the queue or from the archive of its user.
import type { Door } from '../accept/hand-in.ts';
import { resend, type Resending, type ResendVerbs } from '../verbs/message-resend.ts';
import { done, failed, textOf, type Command, type Result } from './command.ts';
import { clean } from './timeline.ts';

export type ResendContext = Omit<ResendVerbs, 'door'> &
  Readonly<{
    /** A door for this command alone; to be closed. */
    openDoor(): Promise<Pick<Door, 'handIn'> & Readonly<{ close(): void }>>;
  }>;

export const resendCommands: readonly Command<ResendContext>[] = [
  {
    words: 'message resend <id>',
    summary: 'Send a message again, or one delivery of it; suppressions and limits are as they are now.',
    options: [{ flags: '--to <address>', summary: 'gets it instead of the only recipient' }],
    run: async (context, { id = '' }, options) => {
      const door = await context.openDoor();
      try {
        const wanted = { id, to: textOf(options, 'to'), owner: {}, peer: '127.0.0.1' };
        return say(await resend({ ...context, door }, wanted));
      } finally {
        door.close();
      }
    },
  },
];

function say(result: Resending): Result {
  if (result.ok) {
    const { id, accepted, refused } = result.handed;
    const not = refused.map(({ address, reply }) => `Not to ${clean(address)}: ${reply.text}.`);
    const text = `Queued as ${id}, to ${accepted.map(clean).join(', ')}. "postino message show ${id}" tells what becomes of it.`;
    return done([text, ...not].join('\n'), { id, accepted, refused });
  }
  if (result.why !== 'refused') return failed(`${result.problem}${result.why === 'gone' ? HOW : ''}`);
  const { code, status, text } = result.handed.reply;
  return failed(`Not taken: ${code} ${status} ${text}`);
}

const HOW = ' At the command line: "postino user set NAME --archive 30d".';
