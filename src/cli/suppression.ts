// postino suppression …: addresses that an account's mail must not go to any more.
import { csvHead, writeCsvLine, type Suppression } from '../store/suppressions-csv.ts';
import { done, failed, misused, table, textOf, type Result, type Values } from './command.ts';
import type { SettingsCommand, SettingsContext } from './context.ts';

const account = { flags: '--account <name>', summary: 'whose list (default: default)' };
const MAX_LISTED = 1000;
const MAX_SAID = 10;

export const suppressionCommands: readonly SettingsCommand[] = [
  {
    words: 'suppression list [address]',
    summary: 'List suppressed addresses, or look one up.',
    options: [account],
    run: async (context, { address }, options) =>
      address ? show(context, address, options) : list(context, options),
  },
  {
    words: 'suppression add <address>',
    summary: 'Send nothing to this address any more.',
    options: [account, { flags: '--reason <text>', summary: 'why (default: by hand)' }],
    run: async ({ suppressions }, { address = '' }, options) => {
      const came = await suppressions.add(
        accountOf(options),
        address,
        textOf(options, 'reason') ?? 'by hand',
      );
      if (came === 'invalid') return misused(`${address} is not an e-mail address.`);
      const said = came === 'added' ? 'is suppressed from now on' : 'was suppressed already';
      return done(`${address} ${said}.`, { address, came });
    },
  },
  {
    words: 'suppression remove <address>',
    summary: 'Let mail go to this address again.',
    options: [account],
    run: async ({ suppressions }, { address = '' }, options) => {
      const came = await suppressions.remove(accountOf(options), address);
      if (came === 'invalid') return misused(`${address} is not an e-mail address.`);
      if (came === 'missing') return failed(`${address} is not suppressed.`);
      return done(`${address} may get mail again.`, { address, came });
    },
  },
  {
    words: 'suppression import <file>',
    summary: 'Add the lines of a CSV file (address[,reason[,date]]); "-" is standard input.',
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
      entries.sort((a, b) => (a.address < b.address ? -1 : 1));
      return done([csvHead, ...entries.map(writeCsvLine)].join('\n'), entries);
    },
  },
];

async function show({ suppressions }: SettingsContext, address: string, options: Values): Promise<Result> {
  const entry = await suppressions.show(accountOf(options), address);
  if (!entry) return failed(`${address} is not suppressed.`);
  return done(`${entry.address}: ${entry.reason}, ${sayDate(entry)}`, entry);
}

async function list({ suppressions }: SettingsContext, options: Values): Promise<Result> {
  const entries: Suppression[] = [];
  let more = false;
  for await (const entry of suppressions.list(accountOf(options))) {
    more = entries.length === MAX_LISTED;
    if (more) break;
    entries.push(entry);
  }
  const rows = entries.map((entry) => [entry.address, entry.reason, sayDate(entry)]);
  const end = more ? `\nThese are ${MAX_LISTED} of them; "postino suppression export" prints all.` : '';
  return done(table(['address', 'reason', 'since'], rows, 'Nobody is suppressed.') + end, entries);
}

async function readText(
  context: SettingsContext,
  file: string,
): Promise<Readonly<{ text: string } | { problem: string }>> {
  try {
    return { text: file === '-' ? await context.readInput() : await context.readFile(file) };
  } catch (error) {
    return { problem: `${file} cannot be read (${error instanceof Error ? error.message : String(error)}).` };
  }
}

function accountOf(options: Values): string {
  return textOf(options, 'account') ?? 'default';
}

function sayDate({ at }: Suppression): string {
  return at === 0 ? 'date unknown' : new Date(at).toISOString().slice(0, 10);
}
