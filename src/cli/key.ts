// postino key …: keys of the API.
import { parseDuration } from '../lib/duration.ts';
import { scopes } from '../model/access.ts';
import { addKey, listKeys, publicKey, readScopes, removeKey, type KeyVerbs } from '../verbs/key.ts';
import {
  accountOf,
  declined,
  done,
  listOf,
  misused,
  table,
  textOf,
  type Command,
  type Result,
  type Values,
} from './command.ts';
import { sayTime } from './timeline.ts';

export const keyCommands: readonly Command<KeyVerbs>[] = [
  {
    words: 'key add <name>',
    summary: 'Make a key of the API; it is shown once.',
    options: [
      {
        flags: '--scope <scopes>',
        summary: `what it is for: ${scopes.join(' ')}, or "read", or "all"`,
        many: true,
      },
      { flags: '--user <name>', summary: 'it is for the mail of this SMTP user alone' },
      { flags: '--expires <time>', summary: 'how long it can be used, such as "90d" (default: for ever)' },
      { flags: '--account <name>', summary: 'the account it belongs to (default: default)' },
    ],
    run: add,
  },
  {
    words: 'key list',
    summary: 'List the keys of the API, without their secrets.',
    options: [{ flags: '--account <name>', summary: 'of this account (default: default)' }],
    run: async (context, _, options) => {
      const keys = await listKeys(context, accountOf(options));
      const rows = keys.map(({ key, usedAt }) => [
        key.id,
        key.name,
        key.user ?? '',
        key.scopes.length === scopes.length ? 'all' : key.scopes.join(' '),
        key.expiresAt === undefined ? '' : sayTime(key.expiresAt),
        usedAt === undefined ? 'never' : sayTime(usedAt),
      ]);
      const head = ['key', 'name', 'user', 'for', 'expires', 'last used'];
      return done(
        table(head, rows, 'There are no keys yet; make one with "postino key add <name> --scope <scopes>".'),
        keys.map(({ key, usedAt }) => publicKey(key, usedAt)),
      );
    },
  },
  {
    words: 'key remove <id>',
    summary: 'Remove a key; the next request with it is refused.',
    run: async (context, { id = '' }) => {
      const removed = await removeKey(context, id);
      return removed.ok ? done(`Key ${id} was removed.`, { removed: id }) : declined(removed);
    },
  },
];

async function add(
  context: KeyVerbs,
  { name = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const wanted = readScopes(listOf(options, 'scope') ?? []);
  if (!wanted.ok) return misused(wanted.problem);
  const text = textOf(options, 'expires');
  const life = text === undefined ? undefined : parseDuration(text);
  if (text !== undefined && life === undefined)
    return misused(`--expires ${text}: give a duration such as "90d".`);
  const added = await addKey(context, {
    name,
    account: accountOf(options),
    scopes: wanted.value,
    user: textOf(options, 'user'),
    by: 'command',
    ...(life === undefined ? {} : { expiresAt: context.clock.now() + life }),
  });
  if (!added.ok) return declined(added);
  const { key, secret } = added.value;
  return done(`Key (shown only now): ${secret}`, { ...publicKey(key), key: secret });
}
