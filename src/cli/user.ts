// postino user …: who may send.
import { userSchema, type User } from '../model/settings.ts';
import { sayIdlePool } from '../verbs/pool.ts';
import {
  addUser,
  changeUser,
  listUsers,
  publicUser,
  removeUser,
  type Ended,
  resetPassword,
  showUser,
  switchUser,
  type UserDone,
} from '../verbs/user.ts';
import {
  accountOf,
  declined,
  done,
  isNothingGiven,
  misused,
  nothingToChange,
  sheet,
  table,
  type Result,
  type Values,
} from './command.ts';
import type { SettingsCommand, SettingsContext } from './context.ts';
import { readBlocks } from './user-blocks.ts';
import { sayAllMail } from './user-treatment.ts';
import { applyUserOptions, userOptions } from './user-options.ts';
import { readableSending, readableUser } from './user-show.ts';
import { choosePassword } from './password.ts';

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
    run: add,
  },
  {
    words: 'user list',
    summary: 'List the users.',
    run: async (context) => {
      const users = await listUsers(context);
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
    run: async (context, { name = '' }) => {
      const shown = await showUser(context, name);
      if (!shown.ok) return declined(shown);
      const { user, sending } = shown.value;
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
    run: set,
  },
  {
    words: 'user reset-password <name>',
    summary: 'Give a user a new password; the old one ends at once.',
    options: [passwordStdin],
    run: reset,
  },
  ...(['disabled', 'enabled'] as const).map((state) => ({
    words: `user ${state === 'disabled' ? 'disable' : 'enable'} <name>`,
    summary: state === 'disabled' ? 'Refuse its log-ins and its mail from now on.' : 'Let it send again.',
    run: async (context: SettingsContext, { name = '' }) => {
      const change = await switchUser(context, name, state);
      if (!change.ok) return declined(change);
      return done(`User ${name} is ${state}.`, publicUser(change.value));
    },
  })),
  {
    words: 'user remove <name>',
    summary: 'Remove a user with its keys, webhooks and members. Mail it has handed in is still delivered.',
    run: async (context, { name = '' }) => {
      const removal = await removeUser(context, name);
      if (!removal.ok) return declined(removal);
      return done(sayRemoved(name, removal.value), { removed: name, ...removal.value });
    },
  },
];

function sayRemoved(name: string, { keys, members, webhooks }: Ended): string {
  const gone = [
    ...(keys > 0 ? [`${keys} ${keys === 1 ? 'key' : 'keys'} of the API`] : []),
    ...members.map((member) => `the member ${member}`),
    ...webhooks.map((webhook) => `the webhook ${webhook}`),
  ];
  const others = gone.length > 0 ? `\nWith it went ${gone.join(', ')}.` : '';
  return `User ${name} was removed; mail it has handed in is still delivered.${others}`;
}

const NOBODY = 'There are no users yet; add one with "postino user add <name> --domain <domain>".';

async function add(
  context: SettingsContext,
  { name = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const user = await newUser(context, name, options);
  if ('code' in user) return user;
  const password = options['password'] === false ? 'none' : await choosePassword(context, options);
  if (typeof password === 'object' && 'problem' in password) return misused(password.problem);
  const change = await addUser(context, user, password);
  if (!change.ok) return declined(change);
  const { user: made } = change.value;
  return done(
    `User ${name} was added.${sayPassword(change.value)}${sayNothing(made)}${sayAllMail(made, options)}${sayIdle(change.value)}`,
    { ...publicUser(made), ...passwordIn(change.value) },
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
  return 'problem' in user ? misused(user.problem) : user;
}

async function set(
  context: SettingsContext,
  { name = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  if (isNothingGiven(options, userOptions)) return nothingToChange('user set');
  const blocks = await readBlocks(context, options);
  if ('problem' in blocks) return misused(blocks.problem);
  const change = await changeUser(context, name, (old) => applyUserOptions(old, options, blocks));
  if (!change.ok) return declined(change);
  const { user } = change.value;
  return done(
    `User ${name} was changed.\n${sheet(readableUser(user))}${sayAllMail(user, options)}${sayIdle(change.value)}`,
    publicUser(user),
  );
}

async function reset(
  context: SettingsContext,
  { name = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const password = await choosePassword(context, options);
  if (typeof password === 'object' && 'problem' in password) return misused(password.problem);
  const change = await resetPassword(context, name, password);
  if (!change.ok) return declined(change);
  return done(`User ${name} has a new password.${sayPassword(change.value)}`, {
    name,
    ...passwordIn(change.value),
  });
}

/** A password that we made is shown; one that the caller gave is known. */
function passwordIn({ made }: UserDone): Readonly<{ password?: string }> {
  return made === undefined ? {} : { password: made };
}

function sayPassword({ made }: UserDone): string {
  return made === undefined ? '' : `\nPassword (shown only now): ${made}`;
}

function sayNothing(user: User): string {
  if (user.domains.length > 0 || user.senders.length > 0 || user.trustedSmartHost) return '';
  return `\nIt may not send as anybody yet: postino user set ${user.name} --domain <domain>`;
}

function sayIdle({ idle }: UserDone): string {
  return idle ? `\n${sayIdlePool(idle)}` : '';
}

function stateOf(user: User): string {
  return user.disabled ? 'disabled' : 'enabled';
}

function mayBe(user: User): string {
  return user.trustedSmartHost || user.domains.includes('*')
    ? 'anybody'
    : [...user.domains, ...user.senders].join(', ');
}
