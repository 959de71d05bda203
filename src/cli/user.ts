// postino user …: who may send.
import { randomInt } from 'node:crypto';
import { userSchema, type Settings, type User } from '../model/settings.ts';
import {
  accountOf,
  done,
  failed,
  isNothingGiven,
  misused,
  nothingToChange,
  sheet,
  table,
  type Result,
  type Values,
} from './command.ts';
import {
  idlePools,
  sayIdlePool,
  unknownPool,
  type SettingsCommand,
  type SettingsContext,
} from './context.ts';
import { readBlocks } from './user-blocks.ts';
import { sayAllMail } from './user-treatment.ts';
import { applyUserOptions, userOptions } from './user-options.ts';
import { publicUser, readableSending, readableUser } from './user-show.ts';

const passwordStdin = {
  flags: '--password-stdin',
  summary: 'read the password from standard input instead of making one',
};

export const userCommands: readonly SettingsCommand[] = [
  {
    words: 'user add <name>',
    summary: 'Add a user; its password is made and shown once.',
    options: [
      { flags: '--account <name>', summary: 'the account it belongs to (default: default)' },
      passwordStdin,
      { flags: '--no-password', summary: 'it is known by its network alone' },
      ...userOptions,
    ],
    run: addUser,
  },
  {
    words: 'user list',
    summary: 'List the users.',
    run: async ({ settings }) => {
      const users = [...(await settings.refresh()).users.values()].sort(byName);
      const rows = users.map((user) => [user.name, stateOf(user), user.pool, mayBe(user), user.origin]);
      return done(
        table(['user', 'state', 'pool', 'may send as', 'declared by'], rows, NOBODY),
        users.map(publicUser),
      );
    },
  },
  {
    words: 'user show <name>',
    summary: 'Show a user with all its settings.',
    run: async ({ settings, sendingOf }, { name = '' }) => {
      const user = (await settings.refresh()).users.get(name);
      if (!user) return failed(`There is no user called ${name}; "postino user list" shows them all.`);
      const sending = await sendingOf?.(name);
      return done(sheet({ ...readableUser(user), ...readableSending(sending) }), {
        ...publicUser(user),
        ...(sending && { sending }),
      });
    },
  },
  {
    words: 'user set <name>',
    summary: 'Change a user; a list is replaced as a whole, "" empties it.',
    options: userOptions,
    run: setUser,
  },
  {
    words: 'user reset-password <name>',
    summary: 'Give a user a new password; the old one ends at once.',
    options: [passwordStdin],
    run: resetPassword,
  },
  ...([true, false] as const).map((disabled) => ({
    words: `user ${disabled ? 'disable' : 'enable'} <name>`,
    summary: disabled ? 'Refuse its log-ins and its mail from now on.' : 'Let it send again.',
    run: async ({ settings }: SettingsContext, { name = '' }) => {
      const change = await settings.users.change(name, (user) => ({ ...user, disabled }), 'switch');
      if (!change.ok) return failed(change.problem);
      return done(`User ${name} is ${disabled ? 'disabled' : 'enabled'}.`, publicUser(change.entry));
    },
  })),
  {
    words: 'user remove <name>',
    summary: 'Remove a user. Mail it has handed in is still delivered.',
    run: async ({ settings }, { name = '' }) => {
      const removal = await settings.users.remove(name);
      if (!removal.ok) return failed(removal.problem);
      return done(`User ${name} was removed; mail it has handed in is still delivered.`, { removed: name });
    },
  },
];

const NOBODY = 'There are no users yet; add one with "postino user add <name> --domain <domain>".';
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const PASSWORD_CHARS = 24;
const MIN_PASSWORD_CHARS = 8;

/** A password of 137 bits without characters that people mix up or that shells, URLs and php.ini files mind. */
export function makePassword(): string {
  return Array.from({ length: PASSWORD_CHARS }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}

async function addUser(
  context: SettingsContext,
  args: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const { name = '' } = args;
  const user = await newUser(context, name, options);
  if ('code' in user) return user;
  const password = options['password'] === false ? undefined : await choosePassword(context, options);
  if (typeof password === 'object') return misused(password.problem);
  const passwordHash = password === undefined ? {} : { passwordHash: await context.hashPassword(password) };
  const change = await context.settings.users.add({ ...user, ...passwordHash });
  if (!change.ok) return failed(change.problem);
  const idle = sayIdle(await context.settings.refresh(), name);
  return done(
    `User ${name} was added.${sayPassword(password, options)}${sayNothing(user)}${sayAllMail(user, options)}${idle}`,
    {
      ...publicUser(change.entry),
      ...(shown(options) && password !== undefined ? { password } : {}),
    },
  );
}

/** The user that the options describe, not stored yet; or why there cannot be one. */
async function newUser(context: SettingsContext, name: string, options: Values): Promise<User | Result> {
  const account = accountOf(options);
  const blank = userSchema.safeParse({ v: 1, name, account, origin: 'command' });
  if (!blank.success) return misused(`A user's name ${blank.error.issues[0]?.message ?? 'cannot be read'}.`);
  const blocks = await readBlocks(context, options);
  if ('problem' in blocks) return misused(blocks.problem);
  const user = applyUserOptions(blank.data, options, blocks);
  if ('problem' in user) return misused(user.problem);
  const problem = unknownPool(await context.settings.refresh(), [user.pool, ...user.pools]);
  return problem === undefined ? user : failed(problem);
}

async function setUser(
  context: SettingsContext,
  args: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const { name = '' } = args;
  const { settings } = context;
  if (isNothingGiven(options, userOptions)) return nothingToChange('user set');
  const blocks = await readBlocks(context, options);
  if ('problem' in blocks) return misused(blocks.problem);
  const now = await settings.refresh();
  let problem: string | undefined;
  const change = await settings.users.change(name, (old) => {
    const next = applyUserOptions(old, options, blocks);
    problem = 'problem' in next ? next.problem : unknownPool(now, [next.pool, ...next.pools]);
    return 'problem' in next || problem !== undefined ? old : next;
  });
  if (problem !== undefined) return failed(problem);
  if (!change.ok) return failed(change.problem);
  const idle = sayIdle(await settings.refresh(), name);
  return done(
    `User ${name} was changed.\n${sheet(readableUser(change.entry))}${sayAllMail(change.entry, options)}${idle}`,
    publicUser(change.entry),
  );
}

async function resetPassword(
  context: SettingsContext,
  args: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const { name = '' } = args;
  const password = await choosePassword(context, options);
  if (typeof password === 'object') return misused(password.problem);
  const passwordHash = await context.hashPassword(password);
  const change = await context.settings.users.change(name, (user) => ({ ...user, passwordHash }));
  if (!change.ok) return failed(change.problem);
  return done(`User ${name} has a new password.${sayPassword(password, options)}`, {
    name,
    ...(shown(options) ? { password } : {}),
  });
}

async function choosePassword(
  context: SettingsContext,
  options: Values,
): Promise<string | Readonly<{ problem: string }>> {
  if (shown(options)) return makePassword();
  const password = (await context.readInput()).replace(/\r?\n$/, '');
  if (password.length >= MIN_PASSWORD_CHARS) return password;
  return { problem: `The password on standard input is shorter than ${MIN_PASSWORD_CHARS} characters.` };
}

/** A password that we made is shown; one that the caller gave is known. */
function shown(options: Values): boolean {
  return options['passwordStdin'] !== true;
}

function sayPassword(password: string | undefined, options: Values): string {
  return password === undefined || !shown(options) ? '' : `\nPassword (shown only now): ${password}`;
}

function sayNothing(user: User): string {
  if (user.domains.length > 0 || user.senders.length > 0 || user.trustedSmartHost) return '';
  return `\nIt may not send as anybody yet: postino user set ${user.name} --domain <domain>`;
}

/** Mail that nobody carries is taken with a 250 and waits: whoever makes such a user should know. */
function sayIdle(settings: Settings, name: string): string {
  const idle = idlePools(settings).find(({ users }) => users.includes(name));
  return idle ? `\n${sayIdlePool({ ...idle, users: [name] })}` : '';
}

function stateOf(user: User): string {
  return user.disabled ? 'disabled' : 'enabled';
}

function mayBe(user: User): string {
  return user.trustedSmartHost || user.domains.includes('*')
    ? 'anybody'
    : [...user.domains, ...user.senders].join(', ');
}

function byName(a: Readonly<{ name: string }>, b: Readonly<{ name: string }>): number {
  return a.name < b.name ? -1 : 1;
}
