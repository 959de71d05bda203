// Members: who may log in to the dashboard, with which role. Adding, changing and removing them, and their passwords.
import type { Clock } from '../lib/clock.ts';
import type { Member, MemberRole } from '../model/access.ts';
import { memberSchema } from '../model/access.ts';
import type { SettingsStore } from '../store/settings.ts';
import type { Members } from '../store/members.ts';
import { did, noSuch, refused, type Did, type Refusal } from './did.ts';
import { makePassword, type Password } from './user.ts';

export type MemberVerbs = Readonly<{
  members: Members;
  settings: Pick<SettingsStore, 'refresh'>;
  hashPassword(password: string): Promise<string>;
  clock: Clock;
  /** `adminPassword` of the configuration, which decides who the member "admin" is. */
  config: Readonly<{ adminPassword?: string | undefined }>;
}>;

export type PublicMember = Readonly<Omit<Member, 'passwordHash' | 'sessionsFrom' | 'v'>>;

/** `made` is the password that was made, told once. */
export type MemberDone = Readonly<{ member: Member; made?: string }>;

export type MemberWish = Readonly<{
  name: string;
  account: string;
  role: MemberRole;
  user?: string | undefined;
  password: Exclude<Password, 'none'>;
}>;

export type MemberChange = Readonly<{
  role?: MemberRole | undefined;
  user?: string | undefined;
  disabled?: boolean | undefined;
}>;

/** The member that the configuration's password is of. */
const ADMIN = 'admin';

export function publicMember(member: Member): PublicMember {
  const { name, account, role, user, disabled, madeAt } = member;
  return { name, account, role, ...(user === undefined ? {} : { user }), disabled, madeAt };
}

export async function addMember(verbs: MemberVerbs, wish: MemberWish): Promise<Did<MemberDone>> {
  const { name, account, role, user, password } = wish;
  const wrong = await wrongBounds(verbs, { account, role, user });
  if (wrong) return wrong;
  const clear = clearOf(password);
  const now = verbs.clock.now();
  const read = memberSchema.safeParse({
    v: 1,
    name,
    account,
    role,
    ...(user === undefined ? {} : { user }),
    passwordHash: await verbs.hashPassword(clear),
    madeAt: now,
    sessionsFrom: now,
  });
  if (!read.success)
    return refused('wrong', `A member's name ${read.error.issues[0]?.message ?? 'is wrong'}.`);
  if (!(await verbs.members.add(read.data)))
    return refused('exists', `There is already a member called ${name}; choose another name.`);
  return did({ member: read.data, ...(password === 'make' ? { made: clear } : {}) });
}

/** Changes role, user or whether it may log in. Its sessions see the change at once. */
export async function changeMember(
  verbs: MemberVerbs,
  name: string,
  change: MemberChange,
): Promise<Did<Member>> {
  const before = await verbs.members.get(name);
  if (!before) return noSuch('member', name);
  const role = change.role ?? before.role;
  // Who is no longer of the role "user" is bound to nobody.
  const user = role === 'user' ? (change.user ?? before.user) : change.user;
  const disabled = change.disabled ?? before.disabled;
  const wrong = await wrongBounds(verbs, { account: before.account, role, user });
  if (wrong) return wrong;
  const loses = before.role === 'admin' && (role !== 'admin' || disabled);
  const needed = loses ? await neededAdmin(verbs, before) : undefined;
  if (needed) return needed;
  const { user: _, ...rest } = before;
  const next = { ...rest, role, disabled, ...(user === undefined ? {} : { user }) };
  const member = await verbs.members.change(name, (now) => ({
    ...next,
    passwordHash: now.passwordHash,
    // Who is let in again logs in again: somebody else may have its cookie.
    sessionsFrom: disabled ? verbs.clock.now() : now.sessionsFrom,
  }));
  return member ? did(member) : noSuch('member', name);
}

/** Gives a member a new password and ends its sessions. */
export async function resetMember(
  verbs: MemberVerbs,
  name: string,
  password: Exclude<Password, 'none'>,
): Promise<Did<MemberDone>> {
  if (name === ADMIN && verbs.config.adminPassword !== undefined)
    return refused('file', 'The password of "admin" is adminPassword of the configuration; change it there.');
  const clear = clearOf(password);
  const passwordHash = await verbs.hashPassword(clear);
  const sessionsFrom = verbs.clock.now();
  const member = await verbs.members.change(name, (now) => ({ ...now, passwordHash, sessionsFrom }));
  if (!member) return noSuch('member', name);
  return did({ member, ...(password === 'make' ? { made: clear } : {}) });
}

export async function removeMember(verbs: MemberVerbs, name: string): Promise<Did<undefined>> {
  const member = await verbs.members.get(name);
  if (!member) return noSuch('member', name);
  const needed = member.role === 'admin' ? await neededAdmin(verbs, member) : undefined;
  if (needed) return needed;
  await verbs.members.remove(name);
  return did(undefined);
}

function clearOf(password: Exclude<Password, 'none'>): string {
  return password === 'make' ? makePassword() : password.given;
}

/** A role without its user, or a user without the role, and a user that is not there. */
async function wrongBounds(
  { settings }: MemberVerbs,
  { account, role, user }: Readonly<{ account: string; role: MemberRole; user?: string | undefined }>,
): Promise<Refusal | undefined> {
  if (role !== 'user')
    return user === undefined
      ? undefined
      : refused('wrong', `Only a member of the role "user" is bound to a user; leave out ${user}.`);
  if (user === undefined)
    return refused('wrong', 'A member of the role "user" sees one user\'s mail: say which user.');
  const known = (await settings.refresh()).users.get(user);
  return known?.account === account ? undefined : refused('wrong', `There is no user called ${user}.`);
}

/** Somebody has to be able to let others in; and the configuration's admin comes back at the next start. */
async function neededAdmin({ members, config }: MemberVerbs, member: Member): Promise<Refusal | undefined> {
  if (member.name === ADMIN && config.adminPassword !== undefined)
    return refused(
      'file',
      'The member "admin" is declared by adminPassword of the configuration; remove it there.',
    );
  const others = (await members.list(member.account)).filter(
    ({ name, role, disabled }) => name !== member.name && role === 'admin' && !disabled,
  );
  return others.length > 0
    ? undefined
    : refused('used', `${member.name} is the last admin; make another one first.`);
}
