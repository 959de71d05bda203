// Members: who may be made and changed, that somebody can always let others in, and when sessions end.
import { beforeEach, describe, expect, test } from 'vitest';
import { memberSchema, type Member } from '../../../src/model/access.ts';
import { userSchema } from '../../../src/model/settings.ts';
import {
  addMember,
  changeMember,
  publicMember,
  removeMember,
  resetMember,
  type MemberChange,
  type MemberVerbs,
  type MemberWish,
} from '../../../src/verbs/member.ts';
import { handClock, type HandClock } from '../../support/hand-clock.ts';

let known: Map<string, Member>;
let clock: HandClock;
let verbs: MemberVerbs;

const member = (name: string, fields: Partial<Member> = {}): Member => ({
  ...memberSchema.parse({ v: 1, name, role: 'viewer', passwordHash: 'old', madeAt: 1, sessionsFrom: 1 }),
  ...fields,
});
const user = (name: string, account: string) => userSchema.parse({ v: 1, name, account, origin: 'command' });

const none = {
  revision: 1,
  domains: new Map(),
  pools: new Map(),
  transports: new Map(),
  templates: new Map(),
  suppressing: new Set<string>(),
};

beforeEach(() => {
  clock = handClock();
  known = new Map([['boss', member('boss', { role: 'admin' })]]);
  const users = new Map([
    ['shop', user('shop', 'default')],
    ['theirs', user('theirs', 'other')],
  ]);
  verbs = {
    clock,
    config: {},
    hashPassword: (password) => Promise.resolve(`hash of ${password}`),
    settings: { refresh: () => Promise.resolve({ ...none, users }) },
    members: {
      get: (name) => Promise.resolve(known.get(name)),
      list: (account) =>
        Promise.resolve(
          [...known.values()].filter((one) => account === undefined || one.account === account),
        ),
      add: (one) => Promise.resolve(!known.has(one.name) && known.set(one.name, one).has(one.name)),
      change: (name, edit) => {
        const before = known.get(name);
        if (before) known.set(name, edit(before));
        return Promise.resolve(known.get(name));
      },
      remove: (name) => Promise.resolve(known.delete(name)),
    },
  };
});

const wish = (fields: Partial<MemberWish> = {}): MemberWish => ({
  name: 'anna',
  account: 'default',
  role: 'viewer',
  password: 'make',
  ...fields,
});

describe('add', () => {
  test.each<[fields: Partial<MemberWish>, why: string | undefined]>([
    [{}, undefined],
    [{ role: 'user', user: 'shop' }, undefined],
    [{ role: 'user' }, 'wrong'],
    [{ role: 'user', user: 'nobody' }, 'wrong'],
    // A user of another account is not told from one that is not there.
    [{ role: 'user', user: 'theirs' }, 'wrong'],
    [{ role: 'user', user: 'theirs', account: 'other' }, undefined],
    [{ role: 'admin', user: 'shop' }, 'wrong'],
    [{ name: 'boss' }, 'exists'],
    [{ name: 'Anna' }, 'wrong'],
    [{ name: '' }, 'wrong'],
    [{ name: '../x' }, 'wrong'],
    [{ name: 'a\nb' }, 'wrong'],
    [{ name: '__proto__' }, 'wrong'],
  ])('%j: %s', async (fields, why) => {
    const before = [...known];
    const added = await addMember(verbs, wish(fields));
    expect(added.ok ? undefined : added.why).toBe(why);
    if (why !== undefined) expect([...known]).toEqual(before);
  });

  test('a password that was made is told once; one that was given is not', async () => {
    const made = await addMember(verbs, wish());
    expect(made).toMatchObject({ ok: true, value: { made: expect.stringMatching(/^\w{24}$/) } });
    const given = await addMember(verbs, wish({ name: 'bert', password: { given: 'secret-of-bert' } }));
    expect(given.ok && 'made' in given.value).toBe(false);
    expect(known.get('bert')?.passwordHash).toBe('hash of secret-of-bert');
  });

  test('what is shown has no hash', async () => {
    const made = await addMember(verbs, wish());
    const shown = made.ok ? publicMember(made.value.member) : undefined;
    expect(Object.keys(shown ?? {}).sort()).toEqual(['account', 'disabled', 'madeAt', 'name', 'role']);
  });
});

describe('change', () => {
  beforeEach(() => {
    known.set('carl', member('carl', { role: 'user', user: 'shop' }));
    known.set('dora', member('dora', { role: 'operator' }));
  });

  test.each<[name: string, change: MemberChange, want: Partial<Member> | string]>([
    ['nobody', { role: 'viewer' }, 'missing'],
    ['dora', { role: 'viewer' }, { role: 'viewer', disabled: false }],
    ['dora', {}, { role: 'operator' }],
    ['dora', { user: 'shop' }, 'wrong'],
    ['dora', { role: 'user' }, 'wrong'],
    ['dora', { role: 'user', user: 'theirs' }, 'wrong'],
    ['dora', { role: 'user', user: 'shop' }, { role: 'user', user: 'shop' }],
    ['carl', { disabled: true }, { role: 'user', user: 'shop', disabled: true }],
    ['carl', { role: 'admin' }, { role: 'admin' }],
    ['carl', { role: 'admin', user: 'shop' }, 'wrong'],
    // The last one who can let others in.
    ['boss', { role: 'viewer' }, 'used'],
    ['boss', { disabled: true }, 'used'],
    ['boss', { role: 'admin' }, { role: 'admin' }],
  ])('%s %j: %j', async (name, change, want) => {
    const before = new Map(known);
    const changed = await changeMember(verbs, name, change);
    if (typeof want === 'string') {
      expect(changed).toMatchObject({ ok: false, why: want });
      expect(known).toEqual(before);
    } else expect(changed).toMatchObject({ ok: true, value: want });
  });

  test('who is of no user any more is bound to none', async () => {
    await changeMember(verbs, 'carl', { role: 'viewer' });
    expect(known.get('carl')).not.toHaveProperty('user');
  });

  test.each<[others: Partial<Member>, why: string | undefined]>([
    [{ role: 'admin' }, undefined],
    [{ role: 'admin', disabled: true }, 'used'],
    [{ role: 'admin', account: 'other' }, 'used'],
    [{ role: 'operator' }, 'used'],
  ])('with %j beside it the admin may go: refused as %s', async (fields, why) => {
    known.set('eva', member('eva', fields));
    const changed = await changeMember(verbs, 'boss', { disabled: true });
    expect(changed.ok ? undefined : changed.why).toBe(why);
    known.set('boss', member('boss', { role: 'admin' }));
    const removed = await removeMember(verbs, 'boss');
    expect(removed.ok ? undefined : removed.why).toBe(why);
    expect(known.has('boss')).toBe(why !== undefined);
  });

  test('sessions end where somebody is shut out, and not for another role', async () => {
    clock.pass(5000);
    await changeMember(verbs, 'dora', { role: 'viewer' });
    expect(known.get('dora')?.sessionsFrom).toBe(1);
    await changeMember(verbs, 'dora', { disabled: true });
    expect(known.get('dora')?.sessionsFrom).toBe(clock.now());
  });

  test('the password of somebody who changes it meanwhile is kept', async () => {
    const { change } = verbs.members;
    const members: MemberVerbs['members'] = {
      ...verbs.members,
      change: (name, edit) => {
        known.set(name, { ...member(name), passwordHash: 'newer' });
        return change(name, edit);
      },
    };
    await changeMember({ ...verbs, members }, 'dora', { role: 'viewer' });
    expect(known.get('dora')).toMatchObject({ role: 'viewer', passwordHash: 'newer' });
  });
});

describe('reset-password and remove', () => {
  test('a new password ends the sessions', async () => {
    clock.pass(5000);
    const reset = await resetMember(verbs, 'boss', { given: 'a new one' });
    expect(reset).toMatchObject({ ok: true, value: { member: { passwordHash: 'hash of a new one' } } });
    expect(known.get('boss')?.sessionsFrom).toBe(clock.now());
    expect(await resetMember(verbs, 'nobody', 'make')).toMatchObject({ why: 'missing' });
  });

  test('what the configuration says of "admin" is changed there', async () => {
    known.set('admin', member('admin', { role: 'admin' }));
    const declared = { ...verbs, config: { adminPassword: 'x' } };
    expect(await resetMember(declared, 'admin', 'make')).toMatchObject({ why: 'file' });
    expect(await removeMember(declared, 'admin')).toMatchObject({ why: 'file' });
    expect(await changeMember(declared, 'admin', { role: 'viewer' })).toMatchObject({ why: 'file' });
    expect(known.get('admin')).toEqual(member('admin', { role: 'admin' }));
    expect(await removeMember(verbs, 'admin')).toMatchObject({ ok: true });
  });

  test('who is not there cannot be removed', async () =>
    expect(await removeMember(verbs, 'nobody')).toMatchObject({ ok: false, why: 'missing' }));
});
