// postino feedback show: the addresses of ours that the world writes to, and the DNS records that bring its mail here.
import { feedbackRecords } from '../store/return-host.ts';
import { done, failed, table } from './command.ts';
import type { SettingsCommand } from './context.ts';
import { sayRecords } from './records.ts';

/** Addresses of ours; undefined where no feedback.domain is configured. */
export type OwnAddresses = Readonly<{
  domain: string;
  hostname: string;
  /** The address to register for feedback loops. */
  complaints: string;
  unsubscribe: string;
  /** Who reads mail to postmaster@ and abuse@. */
  postmaster: string | undefined;
}>;

export const feedbackCommands: readonly SettingsCommand[] = [
  {
    words: 'feedback show',
    summary: 'Print the address to register for feedback loops, and the DNS records of feedback.domain.',
    run: async ({ settings, feedback }) => {
      if (!feedback)
        return failed(
          'There is no feedback.domain in the configuration: bounces go to the senders, and complaints nowhere.',
        );
      const { domain, hostname, complaints, unsubscribe, postmaster } = feedback;
      const records = feedbackRecords(domain, hostname, await settings.refresh());
      const rows = [
        ['return paths', `b…@${domain}`, 'made for each delivery'],
        ['feedback loops', complaints, 'register this one with providers, and show it to nobody else'],
        ['unsubscribe', unsubscribe, 'named by letters'],
        ['postmaster, abuse', `postmaster@${domain}`, postmaster ?? 'refused: set feedback.postmaster'],
      ];
      const text = table(['for', 'address', 'note'], rows, '');
      return done(`${text}\n\nPublish:\n\n${sayRecords(records)}`, { ...feedback, records });
    },
  },
];
