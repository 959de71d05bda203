// postino member …: who may log in to the dashboard.
import { memberRoles, memberRoleSchema, type MemberRole } from '../model/access.ts';
import {
  addMember,
  changeMember,
  publicMember,
  removeMember,
  resetMember,
  type MemberDone,
  type MemberVerbs,
} from '../verbs/member.ts';
import {
  accountOf,
  declined,
  done,
  isNothingGiven,
  misused,
  nothingToChange,
  table,
  textOf,
  type Command,
  type Result,
  type Values,
} from './command.ts';
import { choosePassword } from './password.ts';

export type MemberContext = MemberVerbs &
  Readonly<{
    /** All of standard input, as text. */
    readInput(): Promise<string>;
  }>;

const passwordStdin = {
  flags: '--password-stdin',
  summary: 'read the password from standard input instead of making one',
};

const setOptions = [
  { flags: '--role <role>', summary: `what it may do: ${memberRoles.join(', ')}` },
  { flags: '--user <name>', summary: 'the SMTP user whose mail a member of role "user" sees' },
] as const;

const switches = [
  { flags: '--disable', summary: 'refuse its log-ins, and end its sessions' },
  { flags: '--enable', summary: 'let it log in again' },
] as const;

export const memberCommands: readonly Command<MemberContext>[] = [
  {
    words: 'member add <name>',
    summary: 'Let somebody log in to the dashboard; the password is made and shown once.',
    options: [
      ...setOptions,
      { flags: '--account <name>', summary: 'the account it belongs to (default: default)' },
      passwordStdin,
    ],
    run: add,
  },
  {
    words: 'member list',
    summary: 'List who may log in to the dashboard.',
    run: async ({ members }) => {
      const all = await members.list();
      const rows = all.map(({ name, role, user = '', account, disabled }) => [
        name,
        role,
        user,
        account,
        disabled ? 'disabled' : 'enabled',
      ]);
      return done(
        table(['member', 'role', 'user', 'account', 'state'], rows, 'Nobody.'),
        all.map(publicMember),
      );
    },
  },
  {
    words: 'member set <name>',
    summary: 'Change what a member may do.',
    options: [...setOptions, ...switches],
    run: set,
  },
  {
    words: 'member reset-password <name>',
    summary: 'Give a member a new password; the old one and its sessions end at once.',
    options: [passwordStdin],
    run: async (context, { name = '' }, options) => {
      const password = await choosePassword(context, options);
      if (typeof password === 'object' && 'problem' in password) return misused(password.problem);
      const reset = await resetMember(context, name, password);
      return reset.ok ? told(`${name} has a new password.`, reset.value) : declined(reset);
    },
  },
  {
    words: 'member remove <name>',
    summary: 'Take somebody out; its sessions end at once, keys that it made stay.',
    run: async (context, { name = '' }) => {
      const removed = await removeMember(context, name);
      return removed.ok ? done(`${name} was removed.`, { removed: name }) : declined(removed);
    },
  },
];

async function add(
  context: MemberContext,
  { name = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const role = roleOf(options);
  if (role === undefined) return misused(`Say its role: --role ${memberRoles.join(', ')}.`);
  const password = await choosePassword(context, options);
  if (typeof password === 'object' && 'problem' in password) return misused(password.problem);
  const wish = { name, account: accountOf(options), role, user: textOf(options, 'user'), password };
  const added = await addMember(context, wish);
  return added.ok ? told(`${name} may log in as ${role}.`, added.value) : declined(added);
}

async function set(
  context: MemberContext,
  { name = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  if (isNothingGiven(options, [...setOptions, ...switches])) return nothingToChange('member set');
  const role = roleOf(options);
  if (role === undefined && textOf(options, 'role') !== undefined)
    return misused(`--role: there are ${memberRoles.join(', ')}.`);
  const disabled = options['disable'] === true;
  if (disabled && options['enable'] === true) return misused('--disable and --enable contradict each other.');
  const isSwitched = disabled || options['enable'] === true;
  const changed = await changeMember(context, name, {
    role,
    user: textOf(options, 'user'),
    ...(isSwitched ? { disabled } : {}),
  });
  return changed.ok ? done(`${name} was changed.`, publicMember(changed.value)) : declined(changed);
}

function roleOf(options: Values): MemberRole | undefined {
  return memberRoleSchema.safeParse(textOf(options, 'role')).data;
}

function told(text: string, { member, made }: MemberDone): Result {
  const password = made === undefined ? {} : { password: made };
  const shown = made === undefined ? '' : `\nPassword (shown only now): ${made}`;
  return done(`${text}${shown}`, { ...publicMember(member), ...password });
}
