// A message of the archive as one file: what is known of it as a line of JSON, then its bytes as they came in.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { EpochMs } from '../../lib/clock.ts';
import { dayOf } from '../../lib/day.ts';
import { timeOfId } from '../../lib/ids.ts';
import { parseJson } from '../../lib/json.ts';
import { nothingIfMissing, syncFolder } from '../../lib/files.ts';
import type { Pins } from '../../model/delivery.ts';
import { recipientSchema, type Recipient, type Submission } from '../../model/submission.ts';

/** One recipient of it, and what its letter was made with. */
export type ArchivedDelivery = Readonly<{ recipient: Recipient; pins: Pins }>;

/** What is known of a kept message. */
export type ArchivedFacts = Readonly<{
  v: 1;
  submission: Submission;
  /** By the id of the delivery. */
  deliveries: Readonly<Record<string, ArchivedDelivery>>;
  /** When its last delivery ended. */
  endedAt: EpochMs;
}>;

export type Archived = ArchivedFacts & Readonly<{ body: Buffer }>;

const pinsSchema = z
  .object({
    dkim: z.array(z.object({ domain: z.string(), selector: z.string() })),
    from: z.string().optional(),
  })
  .transform(({ dkim, from }): Pins => (from === undefined ? { dkim } : { dkim, from }));

export const deliverySchema = z.object({ recipient: recipientSchema, pins: pinsSchema });

const wholeSchema = z.object({
  id: z.string(),
  account: z.string(),
  user: z.string(),
  from: z.string(),
  instructions: z.looseObject({}),
});

const factsSchema = z.object({
  v: z.literal(1),
  // We wrote it ourselves from what was checked when it was accepted; a disk may have damaged it since.
  submission: z.custom<Submission>((value) => wholeSchema.safeParse(value).success),
  deliveries: z.record(z.string(), deliverySchema),
  endedAt: z.number(),
});

/** What the name of a file ends in that is not finished. */
export const PART = '.part';
const FIRST_READ = 16_384;
/** Five thousand recipients with values of their own; a longer line is none of ours. */
const MAX_FACTS = 64 * 1024 * 1024;
const NEW_LINE = 0x0a;

/** Name of the folder of a day, counted in UTC. */
function folderOf(at: EpochMs): string {
  return dayOf(at, 'UTC');
}

/** When the day of a folder begins; undefined for what is no such name. */
export function beginOfFolder(name: string): EpochMs | undefined {
  const begin = /^\d{4}-\d\d-\d\d$/.test(name) ? Date.parse(`${name}T00:00:00Z`) : NaN;
  return Number.isNaN(begin) ? undefined : begin;
}

/** Where a user's message lies, by the day on which it was accepted, which its id tells; undefined for what is no id. */
export function placeOf(
  root: string,
  user: string,
  id: string,
): Readonly<{ folder: string; file: string }> | undefined {
  const at = /^[0-9A-Z]{26}$/.test(id) ? timeOfId(id) : undefined;
  if (at === undefined || !isName(user)) return undefined;
  const folder = join(root, user, folderOf(at));
  return { folder, file: join(folder, `${id}.mail`) };
}

/** A name of a user cannot leave its folder; this is for what is in older records. */
export function isName(user: string): boolean {
  return /^[a-z0-9][a-z0-9_.@-]*$/.test(user);
}

/** Writes it, whole or not at all; the same twice is the same once. Resolves to its bytes. */
export async function writeEntry(root: string, { body, ...facts }: Archived): Promise<number> {
  const place = placeOf(root, facts.submission.user, facts.submission.id);
  if (!place) return 0;
  await mkdir(place.folder, { recursive: true, mode: 0o700 });
  const part = `${place.file}.${randomBytes(4).toString('hex')}${PART}`;
  try {
    const line = Buffer.from(`${JSON.stringify(facts)}\n`);
    await using file = await open(part, 'w', 0o600);
    await file.writev([line, body]);
    await file.datasync();
    await rename(part, place.file);
    await syncFolder(place.folder); // the name is safe only with the folder
    return line.length + body.length;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** The whole entry; undefined where there is none, or none of ours. Rejects when it cannot be read. */
export async function readEntry(file: string): Promise<Archived | undefined> {
  const bytes = await readFile(file).catch(nothingIfMissing);
  const end = bytes?.indexOf(NEW_LINE) ?? -1;
  if (!bytes || end < 0) return undefined;
  const facts = parseJson(bytes.toString('utf8', 0, end), factsSchema);
  return facts && { ...facts, body: bytes.subarray(end + 1) };
}

/** What is known of it, without reading its bytes. Rejects when it cannot be read. */
export async function readFacts(path: string): Promise<ArchivedFacts | undefined> {
  const file = await open(path, 'r').catch(nothingIfMissing);
  if (!file) return undefined;
  await using opened = file;
  for (let size = FIRST_READ; size <= MAX_FACTS; size *= 4) {
    const { buffer, bytesRead } = await opened.read(Buffer.allocUnsafe(size), 0, size, 0);
    const read = buffer.subarray(0, bytesRead);
    const end = read.indexOf(NEW_LINE);
    if (end >= 0) return parseJson(read.toString('utf8', 0, end), factsSchema);
    if (bytesRead < size) return undefined;
  }
  return undefined;
}
