// Endpoints of users: who may send.
import { z } from 'zod';
import { declaredUser, ungranted } from '../config/entries.ts';
import { isNetwork } from '../lib/values.ts';
import { nameSchema, userSchema, type Settings, type User } from '../model/settings.ts';
import { HOME } from '../model/scopes.ts';
import type { Principal } from '../model/access.ts';
import type { VerbContext } from '../verbs/context.ts';
import { excessOf } from '../verbs/grants.ts';
import { missingPool } from '../verbs/pool.ts';
import {
  addUser,
  changeUser,
  listUsers,
  MIN_PASSWORD_CHARS,
  removeUser,
  resetPassword,
  showUser,
  switchUser,
  type OfUsers,
  type ShownUser,
  type UserDone,
} from '../verbs/user.ts';
import { endpoint, faultsOf } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { HOW_TO_PATCH, invalidBody, patched, patchOf, type Patch } from './patch.ts';
import { sees } from './principal.ts';
import { isProblem, notFound, type Fault, type Problem } from './problem.ts';
import { refusal } from './refusal.ts';

const {
  passwordHash: _hash,
  password: _password,
  account: _account,
  name: _name,
  ...fields
} = declaredUser.shape;

/** What may be said of a user; durations and sizes also as people write them: "30d", "20MB". */
const wish = z.strictObject({
  ...fields,
  networks: z
    .array(z.string().refine(isNetwork, 'must be an address or a network such as 192.0.2.0/28'))
    .default([])
    .describe(fields.networks.description ?? ''),
  scheduleAhead: z.union([z.number().positive(), fields.scheduleAhead]).optional(),
  archive: z
    .union([z.number().positive(), fields.archive])
    .optional()
    .describe(fields.archive.description ?? ''),
});

const sending = z
  .object({
    state: z.string(),
    since: z.number(),
    until: z.number().optional(),
    reason: z.string(),
    bounces: z.number().describe('Percent within 24 hours.'),
    complaints: z.number().describe('Percent within 24 hours.'),
    held: z.object({ at: z.number(), reason: z.string() }).optional(),
  })
  .describe('What the monitor says of its mail; absent: nothing.');

const { passwordHash: _stored, v: _v, ...shownFields } = userSchema.shape;
const shown = z.object({
  ...shownFields,
  hasPassword: z.boolean().describe('false: it is known by its network alone.'),
});
const withSending = shown.extend({ sending: sending.optional() });
const withPassword = shown.extend({
  password: z.string().optional().describe('The password that was made, shown only now.'),
  warning: z.string().optional().describe('What keeps its mail waiting.'),
});

const FIXED = ['name', 'account', 'origin', 'hasPassword', 'sending', 'disabled'] as const;
const params = z.object({ name: nameSchema });
const password = z
  .string()
  .min(MIN_PASSWORD_CHARS)
  .max(1024)
  .nullable()
  .optional()
  .describe('Absent: a good one is made and shown once; null: none, it is known by its network alone.');

type Verbs = VerbContext;

export const userEndpoints = [
  endpoint({
    id: 'listUsers',
    verb: 'user list',
    method: 'GET',
    path: '/users',
    scope: 'users:read',
    summary: 'The users, in order of their names.',
    query: z.object(pageQuery),
    answer: pageOf(shown),
    run: async ({ principal, query }, verbs: Verbs) => {
      const own = (await listUsers(verbs)).filter((user) => isSeen(principal, user));
      const page = pageIn(own, ({ name }) => name, query);
      return { ...page, items: page.items.map(show) };
    },
  }),
  endpoint({
    id: 'addUser',
    verb: 'user add',
    method: 'POST',
    path: '/users',
    scope: 'users:write',
    summary: 'Adds a user.',
    body: wish.omit({ disabled: true }).extend({ name: nameSchema, password }),
    status: 201,
    location: '/users/:name',
    answer: withPassword,
    run: async ({ principal, body }, verbs: Verbs) => {
      const { password: given, ...said } = body;
      const settings = await verbs.settings.refresh();
      const user = read({ ...said, account: principal.account }, undefined, { principal, settings });
      if (isProblem(user)) return user;
      const secret = given === undefined ? 'make' : given === null ? 'none' : { given };
      const added = await addUser(verbs, user, secret);
      return added.ok ? showDone(added.value) : refusal(added);
    },
  }),
  endpoint({
    id: 'showUser',
    verb: 'user show',
    method: 'GET',
    path: '/users/:name',
    scope: 'users:read',
    summary: 'A user with all its settings, and what the monitor says of its mail.',
    params,
    answer: withSending,
    run: async ({ principal, params: { name } }, verbs: Verbs) => {
      const found = await find(principal, verbs, name);
      if (isProblem(found)) return found;
      return { ...show(found.user), sending: found.sending };
    },
  }),
  endpoint({
    id: 'changeUser',
    verb: 'user set',
    method: 'PATCH',
    path: '/users/:name',
    scope: 'users:write',
    summary: 'Changes a user.',
    description: HOW_TO_PATCH,
    params,
    body: patchOf(wish.omit({ disabled: true }), FIXED),
    answer: withPassword,
    run: async ({ principal, params: { name }, body }, verbs: Verbs) => {
      const found = await find(principal, verbs, name);
      if (isProblem(found)) return found;
      const settings = await verbs.settings.refresh();
      const next = change(found.user, body, { principal, settings });
      if (isProblem(next)) return next;
      const changed = await changeUser(verbs, name, (old) => {
        const edited = change(old, body, { principal, settings });
        return isProblem(edited) ? { problem: edited.detail } : edited;
      });
      return changed.ok ? showDone(changed.value) : refusal(changed);
    },
  }),
  endpoint({
    id: 'removeUser',
    verb: 'user remove',
    method: 'DELETE',
    path: '/users/:name',
    scope: 'users:write',
    summary: 'Removes a user with its keys, webhooks and members. Mail it has handed in is still delivered.',
    params,
    run: async ({ principal, params: { name } }, verbs: Verbs & OfUsers) => {
      const found = await find(principal, verbs, name);
      if (isProblem(found)) return found;
      const removed = await removeUser(verbs, name);
      return removed.ok ? undefined : refusal(removed);
    },
  }),
  endpoint({
    id: 'resetUserPassword',
    verb: 'user reset-password',
    method: 'POST',
    path: '/users/:name/reset-password',
    scope: 'users:write',
    summary: 'Gives a user a new password; the old one ends at once.',
    params,
    body: z.strictObject({ password: z.string().min(MIN_PASSWORD_CHARS).max(1024).optional() }),
    answer: withPassword,
    run: async ({ principal, params: { name }, body }, verbs: Verbs) => {
      const found = await find(principal, verbs, name);
      if (isProblem(found)) return found;
      const secret = body.password === undefined ? 'make' : { given: body.password };
      const reset = await resetPassword(verbs, name, secret);
      return reset.ok ? showDone(reset.value) : refusal(reset);
    },
  }),
  ...(['disabled', 'enabled'] as const).map((state) =>
    endpoint({
      id: state === 'disabled' ? 'disableUser' : 'enableUser',
      verb: `user ${state === 'disabled' ? 'disable' : 'enable'}`,
      method: 'POST',
      path: `/users/:name/${state === 'disabled' ? 'disable' : 'enable'}`,
      scope: 'users:write',
      summary: state === 'disabled' ? 'Refuses its log-ins and its mail from now on.' : 'Lets it send again.',
      params,
      answer: shown,
      run: async ({ principal, params: { name } }, verbs: Verbs) => {
        const found = await find(principal, verbs, name);
        if (isProblem(found)) return found;
        const changed = await switchUser(verbs, name, state);
        return changed.ok ? show(changed.value) : refusal(changed);
      },
    }),
  ),
];

type Asked = Readonly<{ principal: Principal; settings: Settings }>;

/** A user as the store has it, of what was said; or all that is wrong with it. */
function read(said: object, old: User | undefined, asked: Asked): User | Problem {
  const kept = old && { disabled: old.disabled, passwordHash: old.passwordHash };
  const user = userSchema.safeParse({ ...said, ...kept, v: 1, origin: old?.origin ?? 'command' });
  if (!user.success) return invalidBody(faultsOf(user.error.issues, 'body'));
  const faults = [
    ...ungranted(user.data).map(({ path, message }) => ({ path: ['body', ...path].join('.'), message })),
    ...poolFaults(user.data, asked.settings),
    ...excessFaults(user.data, old, asked),
  ];
  return faults.length > 0 ? invalidBody(faults) : user.data;
}

function change(old: User, { sending: _sending, ...body }: Patch, asked: Asked): User | Problem {
  const { name, account, origin, disabled, hasPassword, ...rest } = show(old);
  const fixed = { name, account, origin, disabled, hasPassword };
  const next = patched(wish, { old: rest, fixed }, body);
  return next.ok ? read({ ...next.value, name, account }, old, asked) : next.problem;
}

function poolFaults(user: User, settings: Settings): readonly Fault[] {
  const wished = [
    ['pool', user.pool] as const,
    ...user.pools.map((name, n) => [`pools.${n}`, name] as const),
  ];
  return wished
    .filter(([, name]) => missingPool(settings, [name]) !== undefined)
    .map(([path, name]) => ({ path: `body.${path}`, message: `is ${name}, and there is no such pool` }));
}

/** The installation's own account grants what it likes. */
function excessFaults(user: User, old: User | undefined, { principal, settings }: Asked): readonly Fault[] {
  if (principal.account === HOME) return [];
  const blank = userSchema.parse({ v: 1, name: user.name, account: user.account, origin: 'command' });
  return excessOf(user, old ?? blank, settings).map(({ field, message }) => ({
    path: `body.${field}`,
    message,
  }));
}

/** A user that who asks may see. */
export async function find(
  principal: Principal,
  verbs: Pick<Verbs, 'settings' | 'sendingOf'>,
  name: string,
): Promise<ShownUser | Problem> {
  const found = await showUser(verbs, name);
  return found.ok && isSeen(principal, found.value.user) ? found.value : notFound('user');
}

function isSeen(principal: Principal, { account, name }: User): boolean {
  return sees(principal, { account, user: name });
}

function show({ passwordHash, v: _version, ...user }: User) {
  return { ...user, hasPassword: passwordHash !== undefined };
}

function showDone({ user, made, idle }: UserDone) {
  const warning = idle && `Pool ${idle.pool} has no transport, so its mail waits.`;
  return { ...show(user), password: made, warning };
}
