// postino suppression …: addresses that an account's mail must not go to any more.
import { csvHead, writeCsvLine, type Suppression } from '../store/suppressions-csv.ts';
import { accountOf, done, failed, misused, table, textOf, type Result, type Values } from './command.ts';
import type { SettingsCommand, SettingsContext } from './context.ts';
import { readText } from './files.ts';

const account = { flags: '--account <name>', summary: 'whose list (default: default)' };
const topic = { flags: '--topic <name>', summary: 'only mail of this topic (group, stream)' };
const MAX_LISTED = 1000;
const MAX_SAID = 10;

export const suppressionCommands: readonly SettingsCommand[] = [
  {
    words: 'suppression list [address]',
    summary: 'List suppressed addresses, or look one up.',
    options: [account, topic],
    run: async (context, { address }, options) =>
      address ? show(context, address, options) : list(context, options),
  },
  {
    words: 'suppression add <address>',
    summary: 'Send nothing to this address any more.',
    options: [account, topic, { flags: '--reason <text>', summary: 'why (default: by hand)' }],
    run: async ({ suppressions }, { address = '' }, options) => {
      const reason = textOf(options, 'reason') ?? 'by hand';
      const about = textOf(options, 'topic');
      const came = await suppressions.add(accountOf(options), address, reason, about);
      if (came === 'invalid') return misused(invalid(address, about));
      const said = came === 'added' ? 'is suppressed from now on' : 'was suppressed already';
      return done(`${address} ${said}${sayTopic(about)}.`, { address, ...topicOf(about), came });
    },
  },
  {
    words: 'suppression remove <address>',
    summary: 'Let mail go to this address again; without --topic what it left by topic stays.',
    options: [account, topic],
    run: async ({ suppressions }, { address = '' }, options) => {
      const about = textOf(options, 'topic');
      const came = await suppressions.remove(accountOf(options), address, about);
      if (came === 'invalid') return misused(invalid(address, about));
      if (came === 'missing') return failed(`${address} is not suppressed${sayTopic(about)}.`);
      return done(`${address} may get mail${sayTopic(about)} again.`, { address, ...topicOf(about), came });
    },
  },
  {
    words: 'suppression import <file>',
    summary:
      'Add the lines of a CSV file: address[,reason[,date[,topic]]], or columns that its first line names; "-" is standard input.',
    options: [account],
    run: async (context, { file = '' }, options) => {
      const read = await readText(context, file);
      if ('problem' in read) return failed(read.problem);
      const came = await context.suppressions.importCsv(accountOf(options), read.text);
      const said = came.problems.slice(0, MAX_SAID).map(({ line, text }) => `  line ${line}: ${text}`);
      const left =
        came.problems.length === 0 ? '' : `\n${came.problems.length} without an address:\n${said.join('\n')}`;
      return {
        text: `${came.added} added, ${came.known} known already.${left}`,
        data: came,
        code: came.problems.length > 0 ? 1 : 0,
      };
    },
  },
  {
    words: 'suppression export',
    summary: 'Print the list as CSV.',
    options: [account],
    run: async ({ suppressions }, _, options) => {
      const entries: Suppression[] = [];
      for await (const entry of suppressions.list(accountOf(options))) entries.push(entry);
      entries.sort(byAddress);
      return done([csvHead, ...entries.map(writeCsvLine)].join('\n'), entries);
    },
  },
];

async function show({ suppressions }: SettingsContext, address: string, options: Values): Promise<Result> {
  const all = await suppressions.find(accountOf(options), address);
  const about = textOf(options, 'topic');
  const entries = all.filter(({ topic }) => about === undefined || topic === about).sort(byAddress);
  if (entries.length === 0) return failed(`${address} is not suppressed${sayTopic(about)}.`);
  const lines = entries.map(
    (entry) => `${entry.address}${sayTopic(entry.topic)}: ${entry.reason}, ${sayDate(entry)}`,
  );
  return done(lines.join('\n'), entries);
}

async function list({ suppressions }: SettingsContext, options: Values): Promise<Result> {
  const about = textOf(options, 'topic');
  const entries: Suppression[] = [];
  let more = false;
  for await (const entry of suppressions.list(accountOf(options))) {
    if (about !== undefined && entry.topic !== about) continue;
    more = entries.length === MAX_LISTED;
    if (more) break;
    entries.push(entry);
  }
  const rows = entries.map((entry) => [entry.address, entry.topic ?? '(all)', entry.reason, sayDate(entry)]);
  const end = more ? `\nThese are ${MAX_LISTED} of them; "postino suppression export" prints all.` : '';
  return done(table(['address', 'topic', 'reason', 'since'], rows, 'Nobody is suppressed.') + end, entries);
}

function sayDate({ at }: Suppression): string {
  return at === 0 ? 'date unknown' : new Date(at).toISOString().slice(0, 10);
}

function sayTopic(topic: string | undefined): string {
  return topic === undefined ? '' : ` for the topic ${topic}`;
}

function topicOf(topic: string | undefined): Readonly<{ topic?: string }> {
  return topic === undefined ? {} : { topic };
}

function invalid(address: string, topic: string | undefined): string {
  return `${address} is not an e-mail address${topic === undefined ? '' : ', or the topic is empty or too long'}.`;
}

function byAddress(a: Suppression, b: Suppression): number {
  const [one, other] = [`${a.address}\n${a.topic ?? ''}`, `${b.address}\n${b.topic ?? ''}`];
  return one < other ? -1 : 1;
}
