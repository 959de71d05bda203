// The first start: a user, a sandbox that catches its mail, a member who may do everything; secrets go to one private file.
import { appendFileSync, chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword, verifyPassword } from '../accept/password.ts';
import { ADMIN } from '../http/gate.ts';
import type { Member } from '../model/access.ts';
import { transportSchema, userSchema } from '../model/settings.ts';
import { makePassword } from '../verbs/user.ts';
import type { Base } from './base.ts';

/** The user and the transport of an installation that nothing was declared for. */
const FIRST_USER = 'app';
const SANDBOX = 'sandbox';

/** Where the generated passwords stand, mode 0600. */
export const firstRunFile = (data: string): string => join(data, 'first-run');
/** Where versions without members kept it. */
const oldHashFile = (data: string): string => join(data, 'keys', 'admin.hash');

/** Makes what is missing; does nothing at later starts. */
export async function firstRun(base: Base): Promise<void> {
  const { config } = base;
  await provideAdmin(base);
  const { users, transports } = await base.settings.refresh();
  if (users.size > 0 || transports.size > 0 || config.users.length > 0 || config.transports.length > 0)
    return;
  await makeSandbox(base);
}

/** The configuration's password wins; without one somebody must be there who may do everything. */
async function provideAdmin(base: Base): Promise<void> {
  const { config, members } = base;
  const { adminPassword } = config;
  if (adminPassword !== undefined) return declareAdmin(base, adminPassword);
  const all = await members.list('default');
  if (all.some(({ role, disabled }) => role === 'admin' && !disabled)) return;
  const old = oldHashFile(config.data);
  if (existsSync(old)) return putAdmin(base, readFileSync(old, 'utf8').trim());
  const password = makePassword();
  // The password is kept before its hash: were we to die between the two, the next start makes a new one.
  keep(config.data, `page (${ADMIN})`, password);
  await putAdmin(base, await hashPassword(password));
}

/** Whoever changes the password in the file ends the sessions that began with the old one. */
async function declareAdmin(base: Base, password: string): Promise<void> {
  const member = await base.members.get(ADMIN);
  const isRight =
    member?.role === 'admin' && !member.disabled && (await verifyPassword(password, member.passwordHash));
  if (!isRight) await putAdmin(base, await hashPassword(password));
}

async function putAdmin({ members, clock }: Base, passwordHash: string): Promise<void> {
  const now = clock.now();
  const made = { v: 1, name: ADMIN, account: 'default', role: 'admin', disabled: false } as const;
  const admin: Member = { ...made, passwordHash, madeAt: now, sessionsFrom: now };
  if (!(await members.add(admin))) await members.change(ADMIN, ({ madeAt }) => ({ ...admin, madeAt }));
}

async function makeSandbox(base: Base): Promise<void> {
  const password = makePassword();
  keep(base.config.data, `SMTP user "${FIRST_USER}"`, password);
  const common = { v: 1, origin: 'command' } as const;
  await base.settings.transports.add(
    transportSchema.parse({ ...common, name: SANDBOX, kind: 'sandbox', pool: SANDBOX }),
  );
  const passwordHash = await hashPassword(password);
  // Any From may be tried out: this user's pool has no way out. It is not meant to be moved to another pool. No trusted
  // smart host: the control fields of strangers' mail are not followed, and they are what people come to try.
  const user = { ...common, name: FIRST_USER, passwordHash, pool: SANDBOX, domains: ['*'] };
  await base.settings.users.add(userSchema.parse(user));
}

function keep(data: string, what: string, password: string): void {
  const file = firstRunFile(data);
  appendFileSync(file, `${what}: ${password}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}
