// The archive: messages that users want kept after their last delivery, in files by user and day.
import { readFile, rm } from 'node:fs/promises';
import type { EpochMs } from '../../lib/clock.ts';
import { nothingIfMissing } from '../../lib/files.ts';
import { makeLru, type Lru } from '../../lib/lru.ts';
import { isOwn, type Owner } from '../../model/owner.ts';
import type { Settings, User } from '../../model/settings.ts';
import { readEntry, readFacts, placeOf, writeEntry, type Archived, type ArchivedFacts } from './entry.ts';
import { allFiles } from './folders.ts';

export type Archive = Readonly<{
  /** A message by the id of its submission; undefined where it is not kept, or somebody else's; no owner: everybody's are. */
  find(id: string, owner?: Partial<Owner>): Promise<Archived | undefined>;
  /** The same, without its bytes. */
  look(id: string, owner?: Partial<Owner>): Promise<ArchivedFacts | undefined>;
  /**
   * Takes a person out of what is kept of an account; how many messages were removed or changed. Not `complete`: others that
   * know the person may still come in. Rejects when a message cannot be read or written.
   */
  forget(
    account: string,
    address: string,
  ): Promise<Readonly<{ removed: number; changed: number; complete: boolean }>>;
}>;

export type ArchiveDeps = Readonly<{
  /** The folder of all. */
  root: string;
  settings(): Settings;
  now(): EpochMs;
  /** Resolves when what ended up to now is in it; to false when more is to come that knows the address, or that takes too long. */
  isAllIn?(account: string, address: string): Promise<boolean>;
}>;

/** Opens the archive for reading, by any process. */
export function openArchive(deps: ArchiveDeps): Archive {
  const whose = makeLru<string>(REMEMBERED);
  return {
    find: async (id, owner = {}) => {
      const seen = await look({ ...deps, whose }, id, owner);
      return seen && readEntry(seen.file);
    },
    look: async (id, owner = {}) => (await look({ ...deps, whose }, id, owner))?.facts,
    forget: (account, address) => forget(deps, account, address.toLowerCase()),
  };
}

/** True when a message that ended then is still to be kept: what the user's settings say now counts for all that is there. */
export function isKept(endedAt: EpochMs, user: User | undefined, now: EpochMs): boolean {
  return user?.archive !== undefined && endedAt + user.archive > now;
}

/** Of thousands of users each may have had it: so many are looked at together. */
const AT_ONCE = 32;
const REMEMBERED = 1000;

type Whose = Pick<Lru<string>, 'get' | 'put'>;

type Seen = Readonly<{ file: string; facts: ArchivedFacts }>;

async function look(
  { root, settings, now, whose }: ArchiveDeps & Readonly<{ whose: Whose }>,
  id: string,
  owner: Partial<Owner>,
): Promise<Seen | undefined> {
  const users = [...settings().users.values()].filter(
    ({ archive, account, name }) => archive !== undefined && isOwn(owner, { account, user: name }),
  );
  // Who looks at a message asks for it several times.
  const known = whose.get(id);
  users.sort((a, b) => Number(b.name === known) - Number(a.name === known));
  for (let n = 0; n < users.length; n += AT_ONCE) {
    const found = await Promise.all(users.slice(n, n + AT_ONCE).map((user) => lookAt(root, user, id)));
    for (const { user, seen } of found) {
      if (!seen) continue;
      whose.put(id, user.name);
      const { submission, endedAt } = seen.facts;
      // A user may have been removed, and another made under its name.
      const isTheirs = submission.account === user.account && isKept(endedAt, user, now());
      return isTheirs ? seen : undefined;
    }
  }
  return undefined;
}

async function lookAt(root: string, user: User, id: string) {
  const file = placeOf(root, user.name, id)?.file;
  const facts = file === undefined ? undefined : await readFacts(file);
  return { user, seen: file !== undefined && facts ? { file, facts } : undefined };
}

/**
 * A message that went to the person alone goes. One to several stays for the others without the person, unless its text
 * names the address, or anything else that is known of it: then it goes as well.
 */
async function forget({ root, isAllIn }: ArchiveDeps, account: string, address: string) {
  const complete = (await isAllIn?.(account, address)) ?? true;
  const count = { removed: 0, changed: 0, left: 0 };
  for await (const file of allFiles(root)) {
    const facts = await readFacts(file);
    if (!facts) count[await forgetDamaged(file, address)]++;
    else if (facts.submission.account === account) count[await forgetIn({ root, file, facts }, address)]++;
  }
  return { ...count, complete };
}

/** What nobody can read any more has no use for others, and nobody knows whose it was. */
async function forgetDamaged(file: string, address: string): Promise<'removed' | 'left'> {
  const bytes = await readFile(file).catch(nothingIfMissing);
  if (!bytes?.toString('utf8').toLowerCase().includes(address)) return 'left';
  await rm(file, { force: true });
  return 'removed';
}

async function forgetIn(
  { root, file, facts }: Readonly<{ root: string; file: string; facts: ArchivedFacts }>,
  address: string,
): Promise<'removed' | 'changed' | 'left'> {
  if (!names(facts, address)) return 'left';
  const without = withoutPerson(facts, address);
  const entry = await readEntry(file);
  const isNamed = entry?.body.toString('utf8').toLowerCase().includes(address);
  if (!entry || isNamed || names(without, address) || Object.keys(without.deliveries).length === 0) {
    await rm(file, { force: true });
    return 'removed';
  }
  await writeEntry(root, { ...without, body: entry.body });
  return 'changed';
}

/** In its envelope, its values, or anything else that is known of it. */
function names(facts: ArchivedFacts, address: string): boolean {
  return JSON.stringify(facts).toLowerCase().includes(JSON.stringify(address).slice(1, -1));
}

function withoutPerson({ deliveries, submission, ...facts }: ArchivedFacts, address: string): ArchivedFacts {
  const { instructions, treatment } = submission;
  const { merge } = instructions;
  const others = Object.entries(deliveries).filter(
    ([, { recipient }]) => recipient.address.toLowerCase() !== address,
  );
  return {
    ...facts,
    deliveries: Object.fromEntries(others),
    submission: {
      ...submission,
      instructions: merge?.recipients
        ? { ...instructions, merge: { ...merge, recipients: without(merge.recipients, address) } }
        : instructions,
      ...(treatment ? { treatment: treatmentWithout(treatment, address) } : {}),
    },
  };
}

type Treatment = NonNullable<ArchivedFacts['submission']['treatment']>;

function treatmentWithout(treatment: Treatment, address: string): Treatment {
  const { stored, ownTo } = treatment;
  return {
    ...treatment,
    ...(stored ? { stored: without(stored, address) } : {}),
    ...(ownTo ? { ownTo: ownTo.filter((one) => one !== address) } : {}),
  };
}

function without<T>(values: Readonly<Record<string, T>>, address: string): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name.toLowerCase() !== address));
}
