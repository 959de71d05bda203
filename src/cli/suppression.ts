// postino suppression …: addresses that mail must not go to any more, and why.
import { parseDuration } from '../lib/duration.ts';
import { EVERYWHERE } from '../model/suppression.ts';
import { csvHead, writeCsvLine, type Scope, type Suppression } from '../store/suppressions-csv.ts';
import {
  accountOf,
  done,
  failed,
  misused,
  table,
  textOf,
  type Option,
  type Result,
  type Values,
} from './command.ts';
import type { SettingsCommand, SettingsContext } from './context.ts';
import { readText } from './files.ts';

const lists: readonly Option[] = [
  { flags: '--account <name>', summary: 'whose list (default: default)' },
  { flags: '--everywhere', summary: 'the list of the whole installation' },
];
const scopes: readonly Option[] = [
  ...lists,
  { flags: '--topic <name>', summary: 'only mail of this topic (group, stream)' },
  { flags: '--user <name>', summary: 'only mail of this user' },
  { flags: '--domain <domain>', summary: 'only mail from this sender domain' },
];
const MAX_LISTED = 1000;
const MAX_SAID = 10;

export const suppressionCommands: readonly SettingsCommand[] = [
  {
    words: 'suppression list [address]',
    summary: 'List suppressed addresses, or look one up.',
    options: scopes,
    run: async (context, { address }, options) =>
      address ? show(context, address, options) : list(context, options),
  },
  {
    words: 'suppression add <address>',
    summary: 'Send nothing to this address any more.',
    options: [
      ...scopes,
      { flags: '--reason <text>', summary: 'why (default: by hand)' },
      { flags: '--for <duration>', summary: 'how long, such as 30d (default: for ever)' },
    ],
    run: add,
  },
  {
    words: 'suppression remove <address>',
    summary: 'Let mail go to this address again; what it left by topic, user or domain stays unless named.',
    options: scopes,
    run: async ({ suppressions }, { address = '' }, options) => {
      const about = scopeOf(options);
      const came = await suppressions.remove(listOf(options), address, about);
      if (came === 'invalid') return misused(invalid(address));
      if (came === 'missing') return failed(`${address} is not suppressed${sayScope(about)}.`);
      return done(`${address} may get mail${sayScope(about)} again.`, { address, ...about, came });
    },
  },
  {
    words: 'suppression import <file>',
    summary:
      'Add the lines of a CSV file: columns as in an export, or as its first line names them; "-" is standard input.',
    options: lists,
    run: async (context, { file = '' }, options) => {
      const read = await readText(context, file);
      if ('problem' in read) return failed(read.problem);
      const came = await context.suppressions.importCsv(listOf(options), read.text);
      const said = came.problems.slice(0, MAX_SAID).map(({ line, text }) => `  line ${line}: ${text}`);
      const left =
        came.problems.length === 0
          ? ''
          : `\n${came.problems.length} without an address or with a wrong scope:\n${said.join('\n')}`;
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
    options: lists,
    run: async ({ suppressions }, _, options) => {
      const entries: Suppression[] = [];
      for await (const entry of suppressions.list(listOf(options))) entries.push(entry);
      entries.sort(byAddress);
      return done([csvHead, ...entries.map(writeCsvLine)].join('\n'), entries);
    },
  },
];

async function add(
  { suppressions, clock }: SettingsContext,
  { address = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const about = scopeOf(options);
  const lasts = textOf(options, 'for');
  const ms = lasts === undefined ? undefined : parseDuration(lasts);
  if (lasts !== undefined && !ms) return misused(`--for ${lasts}: give a duration such as 30d.`);
  const came = await suppressions.put(listOf(options), {
    address,
    reason: textOf(options, 'reason') ?? 'by hand',
    at: clock.now(),
    ...about,
    ...(ms === undefined ? {} : { until: clock.now() + ms }),
  });
  if (came === 'invalid') return misused(invalid(address));
  const said = came === 'added' ? 'is suppressed from now on' : 'was suppressed already';
  return done(`${address} ${said}${sayScope(about)}.`, { address, ...about, came });
}

async function show({ suppressions }: SettingsContext, address: string, options: Values): Promise<Result> {
  const own = listOf(options);
  // Whoever looks an address up wants to know what holds its mail back.
  const everywhere = own === EVERYWHERE ? [] : await suppressions.find(EVERYWHERE, address);
  const about = scopeOf(options);
  const all = [...(await suppressions.find(own, address)), ...everywhere];
  const entries = all.filter((entry) => isOf(entry, about)).sort(byAddress);
  if (entries.length === 0) return failed(`${address} is not suppressed${sayScope(about)}.`);
  return done(entries.map((entry) => sayEntry(entry, everywhere.includes(entry))).join('\n'), entries);
}

function sayEntry(entry: Suppression, isEverywhere: boolean): string {
  const { address, reason, until, reply, delivery, report } = entry;
  const ends = until === undefined ? '' : `, until ${new Date(until).toISOString().slice(0, 10)}`;
  const where = isEverywhere ? ' for the whole installation' : sayScope(entry);
  const evidence = [
    reply === undefined ? '' : `\n  reply: ${reply}`,
    delivery === undefined ? '' : `\n  delivery: ${delivery}${report === undefined ? '' : ` (${report})`}`,
  ];
  return `${address}${where}: ${reason}, ${sayDate(entry)}${ends}${evidence.join('')}`;
}

async function list({ suppressions }: SettingsContext, options: Values): Promise<Result> {
  const about = scopeOf(options);
  const entries: Suppression[] = [];
  let more = false;
  for await (const entry of suppressions.list(listOf(options))) {
    if (!isOf(entry, about)) continue;
    more = entries.length === MAX_LISTED;
    if (more) break;
    entries.push(entry);
  }
  const rows = entries.map((entry) => [entry.address, nameScope(entry), entry.reason, sayDate(entry)]);
  const end = more ? `\nThese are ${MAX_LISTED} of them; "postino suppression export" prints all.` : '';
  return done(table(['address', 'mail', 'reason', 'since'], rows, 'Nobody is suppressed.') + end, entries);
}

function listOf(options: Values): string {
  return options['everywhere'] === true ? EVERYWHERE : accountOf(options);
}

function scopeOf(options: Values): Scope {
  const [topic, user, domain] = ['topic', 'user', 'domain'].map((name) => textOf(options, name));
  return {
    ...(topic === undefined ? {} : { topic }),
    ...(user === undefined ? {} : { user: user.toLowerCase() }),
    ...(domain === undefined ? {} : { domain: domain.toLowerCase() }),
  };
}

/** All of them where no scope was asked for. */
function isOf({ topic, user, domain }: Scope, asked: Scope): boolean {
  const same = (is: string | undefined, want: string | undefined): boolean =>
    want === undefined || is === want;
  return same(topic, asked.topic) && same(user, asked.user) && same(domain, asked.domain);
}

function sayDate({ at }: Suppression): string {
  return at === 0 ? 'date unknown' : new Date(at).toISOString().slice(0, 10);
}

function sayScope({ topic, user, domain }: Scope): string {
  if (topic !== undefined) return ` for the topic ${topic}`;
  if (user !== undefined) return ` for mail of the user ${user}`;
  return domain === undefined ? '' : ` for mail from ${domain}`;
}

function nameScope({ topic, user, domain }: Scope): string {
  if (user !== undefined) return `of user ${user}`;
  return domain === undefined ? (topic ?? '(all)') : `from ${domain}`;
}

function invalid(address: string): string {
  return `${address} is not an e-mail address, or the topic, user or domain is empty, too long, or one of several.`;
}

function byAddress(a: Suppression, b: Suppression): number {
  const [one, other] = [a, b].map((entry) => `${entry.address}\n${nameScope(entry)}`);
  return (one ?? '') < (other ?? '') ? -1 : 1;
}
