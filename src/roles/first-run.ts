// The first start: a user, a sandbox that catches its mail, an admin password; secrets go to one private file.
import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword, verifyPassword } from '../accept/password.ts';
import { transportSchema, userSchema } from '../model/settings.ts';
import type { Base } from './base.ts';

/** The user and the transport of an installation that nothing was declared for. */
const FIRST_USER = 'app';
const SANDBOX = 'sandbox';

/** Where the generated passwords stand, mode 0600. */
export const firstRunFile = (data: string): string => join(data, 'first-run');
const adminHashFile = (data: string): string => join(data, 'keys', 'admin.hash');

/** Makes what is missing; does nothing at later starts. */
export async function firstRun(base: Base): Promise<void> {
  const { config } = base;
  if (config.adminPassword === undefined && !existsSync(adminHashFile(config.data)))
    await makeAdmin(config.data);
  const { users, transports } = await base.settings.refresh();
  if (users.size > 0 || transports.size > 0 || config.users.length > 0 || config.transports.length > 0)
    return;
  await makeSandbox(base);
}

async function makeAdmin(data: string): Promise<void> {
  const password = makePassword();
  mkdirSync(join(data, 'keys'), { recursive: true, mode: 0o700 });
  // The password is kept before its hash: were we to die between the two, the next start makes a new one.
  keep(data, 'page (admin)', password);
  writeFileSync(adminHashFile(data), await hashPassword(password), { mode: 0o600 });
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

/** Compares with the configured admin password, or with the one that was generated. */
export async function verifyAdmin(base: Base, password: string): Promise<boolean> {
  const { config } = base;
  const file = adminHashFile(config.data);
  const stored = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  const hash = config.adminPassword === undefined ? stored : await hashOnce(config.adminPassword);
  return hash !== undefined && (await verifyPassword(password, hash));
}

const hashes = new Map<string, Promise<string>>();

function hashOnce(password: string): Promise<string> {
  const known = hashes.get(password) ?? hashPassword(password);
  hashes.set(password, known);
  return known;
}

/** 20 characters of base64url: 120 random bits. */
function makePassword(): string {
  return randomBytes(15).toString('base64url');
}

function keep(data: string, what: string, password: string): void {
  const file = firstRunFile(data);
  appendFileSync(file, `${what}: ${password}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}
