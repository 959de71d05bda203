// postino recipient …: what is known of the people that mail went to.
import { sayMoment } from '../lib/moment.ts';
import {
  forgetPerson,
  NOT_COMPLETE,
  wasAnything,
  type Forgotten,
  type ForgetVerbs,
} from '../verbs/forget.ts';
import type { StoredRecipient } from '../store/recipients.ts';
import {
  accountOf,
  type Command,
  done,
  failed,
  misused,
  sheet,
  table,
  textOf,
  type Result,
  type Values,
} from './command.ts';
import type { SettingsContext } from './context.ts';

const account = { flags: '--account <name>', summary: 'whose recipients (default: default)' };
const LISTED = 50;
const MAX_LISTED = 10_000;

export const recipientCommands: readonly Command<SettingsContext & ForgetVerbs>[] = [
  {
    words: 'recipient list',
    summary: 'List recipients, those last seen first.',
    options: [account, { flags: '--limit <n>', summary: `at most so many (default: ${LISTED})` }],
    run: list,
  },
  {
    words: 'recipient show <address>',
    summary: 'Show what is known of a recipient.',
    options: [account],
    run: async ({ recipients }, { address = '' }, options) => {
      const known = await recipients.show(accountOf(options), address);
      return known ? done(sayRecipient(known), known) : unknown(address);
    },
  },
  {
    words: 'recipient set <address>',
    summary: 'Set the name and merge fields of a recipient; "" removes one.',
    options: [
      account,
      { flags: '--name <text>', summary: 'display name, [name] in messages' },
      { flags: '--field <name=value>', summary: 'a merge field', many: true },
    ],
    run: set,
  },
  {
    words: 'recipient forget <address>',
    summary:
      'Erase what is personal of a recipient wherever it is named, and cancel what waits for it; a suppression stays as a hash.',
    options: [account],
    run: async (context, { address = '' }, options) => {
      const of = accountOf(options);
      const erased = await forgetPerson(context, of, address);
      if (!wasAnything(erased)) return unknown(address);
      const stays = await context.suppressions.show(of, address);
      const parts = [...sayForgotten(address, erased), stays ? STAYS : '', 'Backups still name it.'];
      return done(parts.filter((part) => part !== '').join('\n'), { forgotten: address, ...erased });
    },
  },
];

const STAYS =
  'It is still suppressed, so that it gets no mail; the list has a hash in its place. "postino suppression remove" with the address ends that, too.';

function sayForgotten(address: string, erased: Forgotten): readonly string[] {
  const { deliveries, events, left, requests, messages, cancelled, traces, complete } = erased;
  return [
    `${address} was forgotten: ${deliveries} deliveries of the history and ${events} events on disk lost what is personal; they still count.`,
    cancelled > 0 ? `${cancelled} messages that waited for it were cancelled.` : '',
    left > 0 ? `${left} events are too short to be changed in their place and go with their age.` : '',
    requests > 0 ? `${requests} requests that named it are gone from the logs of webhooks.` : '',
    messages > 0 ? `${messages} kept messages are gone from the archive, or name it no longer.` : '',
    traces > 0 ? `${traces} messages in the sandbox, counts of bounces and long links are gone.` : '',
    complete ? '' : NOT_COMPLETE,
  ];
}

async function list(
  { recipients }: SettingsContext,
  _: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const limit = Number(textOf(options, 'limit') ?? LISTED);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED)
    return misused(`--limit is a number from 1 to ${MAX_LISTED}.`);
  const { total, recipients: all } = await recipients.list(accountOf(options), limit);
  const rows = all.map((one) => [
    one.address,
    one.name ?? '',
    one.status,
    String(one.accepted),
    String(one.delivered),
    String(one.opened),
    String(one.clicked),
    sayDate(one.last),
  ]);
  const head = ['address', 'name', 'status', 'accepted', 'delivered', 'opened', 'clicked', 'last seen'];
  const more = total > all.length ? `\nThese are the last ${all.length} of ${total}.` : '';
  return done(table(head, rows, 'Nobody is known yet.') + more, { total, recipients: all });
}

async function set(
  { recipients }: SettingsContext,
  { address = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const given = options['field'];
  const texts = Array.isArray(given) ? given.map(String) : [];
  const bad = texts.find((text) => text.indexOf('=') < 1);
  if (bad !== undefined) return misused(`--field ${bad}: write it as name=value.`);
  const name = textOf(options, 'name');
  const changed = await recipients.set(accountOf(options), address, (old) => ({
    name: name ?? old.name,
    fields: withFields(old.fields ?? {}, texts),
  }));
  if (!changed.ok) return failed(changed.problem);
  return done(sayRecipient(changed.recipient), changed.recipient);
}

/** `texts` are "name=value"; an empty value takes the field away. */
function withFields(
  old: Readonly<Record<string, string>>,
  texts: readonly string[],
): Readonly<Record<string, string>> {
  const next = new Map(Object.entries(old));
  for (const text of texts) next.set(text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1));
  return Object.fromEntries([...next].filter(([, value]) => value !== ''));
}

function sayRecipient({ fields, first, last, ...rest }: StoredRecipient): string {
  const named = Object.entries(fields).map(([name, value]) => [`[${name}]`, value]);
  return sheet({
    ...rest,
    'first seen': sayDate(first),
    'last seen': sayDate(last),
    ...Object.fromEntries(named),
  });
}

function sayDate(at: number): string {
  return at === 0 ? '' : sayMoment(at, 'day');
}

function unknown(address: string): Result {
  return failed(`Nothing is known of ${address}.`);
}
