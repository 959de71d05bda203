// Which deliveries a queue command is about: its options, the selection they make, and what it says when it is done.
import type { Changed, Selection } from '../backlog/operate.ts';
import { done, misused, textOf, type Option, type Result, type Values } from './command.ts';

export const selectionOptions: readonly Option[] = [
  { flags: '--id <id>', summary: 'a delivery, or all of a message' },
  { flags: '--recipient <address>', summary: 'one recipient' },
  { flags: '--domain <domain>', summary: 'a recipient domain' },
  { flags: '--user <name>', summary: 'mail of this user' },
  { flags: '--transport <name>', summary: 'what is to leave by this transport' },
  { flags: '--campaign <code>', summary: 'mail of this campaign' },
  { flags: '--batch <name>', summary: 'messages that the sender gave this batch name' },
];

/** For commands that change something: they do nothing unless they are told what to. */
export const changeOptions: readonly Option[] = [
  ...selectionOptions,
  { flags: '--all', summary: 'everything that waits' },
];

/** The deliveries that the options name. */
export function selectionOf(options: Values): Selection {
  return {
    id: textOf(options, 'id')?.trim().toUpperCase(),
    recipient: textOf(options, 'recipient'),
    domain: textOf(options, 'domain'),
    user: textOf(options, 'user'),
    transport: textOf(options, 'transport'),
    campaign: textOf(options, 'campaign'),
    batch: textOf(options, 'batch'),
  };
}

/** Does `work` with what the options select, and says how many deliveries "were" `what`, such as "cancelled". */
export async function change(
  options: Values,
  work: (selection: Selection) => Promise<Changed>,
  what: string,
): Promise<Result> {
  const selection = selectionOf(options);
  const isEmpty = Object.values(selection).every((value) => value === undefined);
  if (isEmpty && options['all'] !== true) {
    const names = selectionOptions.map(({ flags }) => flags.split(' ', 1)[0]).join(', ');
    return misused(`Say which deliveries: ${names}, or --all.`);
  }
  const { changed, busy } = await work(selection);
  const left = busy > 0 ? ` ${busy} are being sent just now and were left alone.` : '';
  return done(`${changed} ${changed === 1 ? 'delivery was' : 'deliveries were'} ${what}.${left}`, {
    changed,
    busy,
  });
}
