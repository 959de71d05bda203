// Users: who may send. Adding, changing, switching and removing them, and their passwords.
import { randomInt } from 'node:crypto';
import type { Settings, User } from '../model/settings.ts';
import type { SenderRecord } from '../monitor/records.ts';
import type { Members } from '../store/members.ts';
import type { WebhookStore } from '../webhooks/store.ts';
import type { VerbContext } from './context.ts';
import type { KeyVerbs } from './key.ts';
import { byName, did, noSuch, refused, type Did, type Refusal } from './did.ts';
import { idlePools, unknownPool, type IdlePool } from './pool.ts';

/** make: a good one, which the answer tells once; none: known by its network alone; else the one that was given. */
export type Password = 'make' | 'none' | Readonly<{ given: string }>;

export type PublicUser = Readonly<Omit<User, 'passwordHash'> & { password: 'none' | 'set' }>;

/** `made` is the password that was made; `idle` its pool, where nothing carries its mail. */
export type UserDone = Readonly<{ user: User; made?: string; idle?: IdlePool }>;

export type ShownUser = Readonly<{ user: User; sending?: SenderRecord }>;

/** A user that was edited, or why it cannot be. */
export type Edited = User | Readonly<{ problem: string }>;

const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const PASSWORD_CHARS = 24;
export const MIN_PASSWORD_CHARS = 8;

/** A password of 137 bits without characters that people mix up or that shells, URLs and php.ini files mind. */
export function makePassword(): string {
  return Array.from({ length: PASSWORD_CHARS }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}

/** A user without its password's hash. */
export function publicUser({ passwordHash, ...user }: User): PublicUser {
  return { ...user, password: passwordHash === undefined ? 'none' : 'set' };
}

export async function listUsers({ settings }: Pick<VerbContext, 'settings'>): Promise<readonly User[]> {
  return [...(await settings.refresh()).users.values()].sort(byName);
}

export async function showUser(
  { settings, sendingOf }: Pick<VerbContext, 'settings' | 'sendingOf'>,
  name: string,
): Promise<Did<ShownUser>> {
  const user = (await settings.refresh()).users.get(name);
  if (!user) return noSuch('user', name);
  const sending = await sendingOf?.(name);
  return did({ user, ...(sending && { sending }) });
}

/** Adds a user. Its pools must exist. */
export async function addUser(context: VerbContext, user: User, password: Password): Promise<Did<UserDone>> {
  const { settings } = context;
  const unknown = unknownPool(await settings.refresh(), [user.pool, ...user.pools]);
  if (unknown) return unknown;
  const secret = await secretOf(context, password);
  const change = await settings.users.add({ ...user, ...secret.fields });
  if (!change.ok) return change;
  return did({ user: change.entry, ...secret.made, ...idleOf(await settings.refresh(), user.name) });
}

/** Replaces a user by `edit` of it, which may be called again when somebody else changes it meanwhile. */
export async function changeUser(
  { settings }: Pick<VerbContext, 'settings'>,
  name: string,
  edit: (old: User) => Edited,
): Promise<Did<UserDone>> {
  const now = await settings.refresh();
  let refusal: Refusal | undefined;
  const change = await settings.users.change(name, (old) => {
    const next = edit(old);
    refusal =
      'problem' in next ? refused('wrong', next.problem) : unknownPool(now, [next.pool, ...next.pools]);
    return 'problem' in next || refusal ? old : next;
  });
  if (refusal) return refusal;
  if (!change.ok) return change;
  return did({ user: change.entry, ...idleOf(await settings.refresh(), name) });
}

/** Gives a user a new password; the old one ends at once. */
export async function resetPassword(
  context: Pick<VerbContext, 'settings' | 'hashPassword'>,
  name: string,
  password: Exclude<Password, 'none'>,
): Promise<Did<UserDone>> {
  const secret = await secretOf(context, password);
  const change = await context.settings.users.change(name, (user) => ({ ...user, ...secret.fields }));
  return change.ok ? did({ user: change.entry, ...secret.made }) : change;
}

export async function switchUser(
  { settings }: Pick<VerbContext, 'settings'>,
  name: string,
  to: 'disabled' | 'enabled',
): Promise<Did<User>> {
  const change = await settings.users.change(
    name,
    (user) => ({ ...user, disabled: to === 'disabled' }),
    'switch',
  );
  return change.ok ? did(change.entry) : change;
}

/** What is of one user, and ends with it. */
export type OfUsers = Pick<KeyVerbs, 'apiKeys'> &
  Readonly<{
    members: Pick<Members, 'list' | 'remove'>;
    webhooks: Readonly<{ store: Pick<WebhookStore, 'list' | 'remove'> }>;
  }>;

/** What ended with a user: how many keys, and which members and webhooks by their names. */
export type Ended = Readonly<{ keys: number; members: readonly string[]; webhooks: readonly string[] }>;

/**
 * Removes a user with its keys, webhooks and members, which must not serve another user of that name. What it has handed in is
 * still delivered.
 */
export async function removeUser(
  { settings, apiKeys, members, webhooks }: Pick<VerbContext, 'settings'> & OfUsers,
  name: string,
): Promise<Did<Ended>> {
  const account = (await settings.refresh()).users.get(name)?.account;
  const removal = await settings.users.remove(name);
  if (!removal.ok) return removal;
  if (account === undefined) return did({ keys: 0, members: [], webhooks: [] });
  const isIts = (one: Readonly<{ account: string; user?: string | undefined }>): boolean =>
    one.account === account && one.user === name;
  const keys = (await apiKeys.list(account)).filter(({ key }) => isIts(key));
  const logIns = (await members.list(account)).filter(isIts);
  const hooks = (await webhooks.store.list()).filter(isIts);
  await Promise.all([
    ...keys.map(({ key }) => apiKeys.remove(key.id)),
    ...logIns.map((member) => members.remove(member.name)),
    ...hooks.map(({ id }) => webhooks.store.remove(id)),
  ]);
  return did({
    keys: keys.length,
    members: logIns.map((member) => member.name),
    webhooks: hooks.map((hook) => hook.name),
  });
}

type Secret = Readonly<{ fields: Pick<User, 'passwordHash'>; made: Readonly<{ made?: string }> }>;

async function secretOf(
  { hashPassword }: Pick<VerbContext, 'hashPassword'>,
  password: Password,
): Promise<Secret> {
  if (password === 'none') return { fields: {}, made: {} };
  const clear = password === 'make' ? makePassword() : password.given;
  const fields = { passwordHash: await hashPassword(clear) };
  return { fields, made: password === 'make' ? { made: clear } : {} };
}

/** Mail that nobody carries is taken with a 250 and waits: whoever makes such a user should know. */
function idleOf(settings: Settings, name: string): Readonly<{ idle?: IdlePool }> {
  const idle = idlePools(settings).find(({ users }) => users.includes(name));
  return idle ? { idle: { ...idle, users: [name] } } : {};
}
