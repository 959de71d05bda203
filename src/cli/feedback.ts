// postino feedback show: the addresses of ours that the world writes to, and the DNS records that bring its mail here.
import { showFeedback } from '../verbs/feedback.ts';
import { declined, done, table } from './command.ts';
import type { SettingsCommand } from './context.ts';
import { sayRecords } from './records.ts';

export const feedbackCommands: readonly SettingsCommand[] = [
  {
    words: 'feedback show',
    summary: 'Print the address to register for feedback loops, and the DNS records of feedback.domain.',
    run: async (context) => {
      const own = await showFeedback(context);
      if (!own.ok) return declined(own);
      const { domain, complaints, unsubscribe, postmaster, records } = own.value;
      const rows = [
        ['return paths', `b…@${domain}`, 'made for each delivery'],
        ['feedback loops', complaints, 'register this one with providers, and show it to nobody else'],
        ['unsubscribe', unsubscribe, 'named by letters'],
        ['postmaster, abuse', `postmaster@${domain}`, postmaster ?? 'refused: set feedback.postmaster'],
      ];
      const text = table(['for', 'address', 'note'], rows, '');
      return done(`${text}\n\nPublish:\n\n${sayRecords(records)}`, own.value);
    },
  },
];
