// postino suppression …: addresses that mail must not go to any more, and why.
import { parseDuration } from '../lib/duration.ts';
import { sayMoment } from '../lib/moment.ts';
import { EVERYWHERE } from '../model/suppression.ts';
import { csvHead, writeCsvLine, type Scope, type Suppression } from '../store/suppressions-csv.ts';
import {
  addSuppression,
  exportList,
  firstOf,
  lookUp,
  nameScope,
  removeSuppression,
  type Found,
  type Where,
} from '../verbs/suppression.ts';
import {
  accountOf,
  declined,
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
    run: async (context, { address = '' }, options) => {
      const where = whereOf(options);
      const removed = await removeSuppression(context, where, address);
      if (!removed.ok)
        return removed.why === 'wrong'
          ? declined(removed)
          : failed(`${address} is not suppressed${sayScope(where.scope)}.`);
      return done(`${address} may get mail${sayScope(where.scope)} again.`, {
        address,
        ...where.scope,
        came: removed.value,
      });
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
        came.wrong === 0
          ? ''
          : `\n${came.wrong} without an address or with a wrong scope:\n${said.join('\n')}`;
      return {
        text: `${came.added} added, ${came.known} known already.${left}`,
        data: came,
        code: came.wrong > 0 ? 1 : 0,
      };
    },
  },
  {
    words: 'suppression export',
    summary: 'Print the list as CSV.',
    options: lists,
    run: async (context, _, options) => {
      const entries = await exportList(context, { list: listOf(options), scope: {} });
      return done([csvHead, ...entries.map(writeCsvLine)].join('\n'), entries);
    },
  },
];

async function add(
  context: SettingsContext,
  { address = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const where = whereOf(options);
  const lasts = textOf(options, 'for');
  const forMs = lasts === undefined ? undefined : parseDuration(lasts);
  if (lasts !== undefined && !forMs) return misused(`--for ${lasts}: give a duration such as 30d.`);
  const reason = textOf(options, 'reason') ?? 'by hand';
  const added = await addSuppression(context, where, { address, reason, forMs });
  if (!added.ok) return declined(added);
  const said = added.value === 'added' ? 'is suppressed from now on' : 'was suppressed already';
  return done(`${address} ${said}${sayScope(where.scope)}.`, {
    address,
    ...where.scope,
    came: added.value,
  });
}

async function show(context: SettingsContext, address: string, options: Values): Promise<Result> {
  const where = whereOf(options);
  const found = await lookUp(context, where, address);
  if (found.length === 0) return failed(`${address} is not suppressed${sayScope(where.scope)}.`);
  const text = found.map((one) => sayEntry(one, where)).join('\n');
  return done(
    text,
    found.map(({ entry }) => entry),
  );
}

function sayEntry({ entry, isEverywhere }: Found, { list: asked }: Where): string {
  const { address, reason, until, reply, delivery, report } = entry;
  const ends = until === undefined ? '' : `, until ${sayMoment(until, 'day')}`;
  const where = isEverywhere && asked !== EVERYWHERE ? ' for the whole installation' : sayScope(entry);
  const evidence = [
    reply === undefined ? '' : `\n  reply: ${reply}`,
    delivery === undefined ? '' : `\n  delivery: ${delivery}${report === undefined ? '' : ` (${report})`}`,
  ];
  return `${address}${where}: ${reason}, ${sayDate(entry)}${ends}${evidence.join('')}`;
}

async function list(context: SettingsContext, options: Values): Promise<Result> {
  const { entries, more } = await firstOf(context, whereOf(options), MAX_LISTED);
  const rows = entries.map((entry) => [entry.address, nameScope(entry), entry.reason, sayDate(entry)]);
  const notes = [
    ...(more ? [`These are ${MAX_LISTED} of them; "postino suppression export" prints all.`] : []),
    ...(await noteOfOthers(context, options)),
  ];
  const text = table(['address', 'mail', 'reason', 'since'], rows, 'Nobody is suppressed.');
  return done([text, ...notes].join('\n'), entries);
}

/** Entries for the whole installation hold for every account, and are in a list of their own. */
async function noteOfOthers(context: SettingsContext, options: Values): Promise<readonly string[]> {
  if (options['everywhere'] === true) return [];
  const { entries } = await firstOf(context, { list: EVERYWHERE, scope: scopeOf(options) }, 1);
  return entries.length === 0
    ? []
    : ['Others are suppressed for the whole installation: "postino suppression list --everywhere".'];
}

function whereOf(options: Values): Where {
  return { list: listOf(options), scope: scopeOf(options) };
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

function sayDate({ at }: Suppression): string {
  return at === 0 ? 'date unknown' : sayMoment(at, 'day');
}

function sayScope({ topic, user, domain }: Scope): string {
  if (topic !== undefined) return ` for the topic ${topic}`;
  if (user !== undefined) return ` for mail of the user ${user}`;
  return domain === undefined ? '' : ` for mail from ${domain}`;
}
