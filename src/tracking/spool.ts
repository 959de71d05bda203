// Unsubscriptions that wait on disk while Redis is away: nobody is told "done" for something that could be lost.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isMissing } from '../lib/files.ts';

const pendingSchema = z.strictObject({
  token: z.string(),
  /** null: all mail. */
  topics: z.array(z.string().nullable()),
  how: z.enum(['one-click', 'page', 'mail']),
  /** When it was asked for, epoch milliseconds. */
  at: z.number(),
  ip: z.string(),
  userAgent: z.string(),
});

/** Somebody's order to stop mail. */
export type Pending = Readonly<z.infer<typeof pendingSchema>>;

export type Spool = Readonly<{
  /** Resolves true when it is on the disk; false when too many wait already. The same again is no other. Rejects when it cannot be written. */
  put(pending: Pending): Promise<boolean>;
  /** Gives each to `apply` and forgets it after; ends with the first rejection. Resolves with how many there were. */
  drain(apply: (pending: Pending) => Promise<void>): Promise<number>;
}>;

const MAX_PENDING = 10_000;
const NAME = /^[\w-]{43}\.json$/;

/**
 * Opens the spool in a folder of its own, which is made when there is something to keep. Several processes may share it;
 * each refuses when `most` wait.
 */
export function openSpool(folder: string, most: number = MAX_PENDING): Spool {
  const list = async (): Promise<readonly string[]> => {
    const names = await readdir(folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return names.filter((name) => NAME.test(name));
  };
  return {
    put: async (pending) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `${nameOf(pending)}.json`;
      const names = await list();
      if (names.includes(name)) return true;
      if (names.length >= most) return false;
      await writeSafely(folder, name, JSON.stringify(pending));
      return true;
    },
    drain: async (apply) => {
      const names = await list();
      for (const name of names) {
        const path = join(folder, name);
        const pending = await read(path);
        if (pending) await apply(pending);
        await rm(path, { force: true });
      }
      return names.length;
    },
  };
}

/** One name for one order, so that a provider that repeats itself fills nothing. */
function nameOf({ token, topics }: Pending): string {
  return createHash('sha256')
    .update(JSON.stringify([token, topics]))
    .digest('base64url');
}

/** Undefined for what another process has done meanwhile, or what is no order at all. */
async function read(path: string): Promise<Pending | undefined> {
  try {
    return pendingSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whole or not at all, and on the disk when it returns. */
async function writeSafely(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  const draft = `${path}.${process.pid}`;
  try {
    await using file = await open(draft, 'w', 0o600);
    await file.writeFile(text);
    await file.datasync();
    await rename(draft, path);
  } catch (error) {
    // On a full disk each order that is refused would leave one.
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await using directory = await open(folder, 'r');
  await directory.sync();
}
