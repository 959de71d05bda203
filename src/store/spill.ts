// Large bodies while they come in: a file that is synced before it counts, or chunks appended to a key in Redis.
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../lib/files.ts';
import type { Redis } from '../lib/script.ts';

/** A body being written. Nothing counts before `commit`. Writes must be awaited one after the other. */
export type Spill = Readonly<{
  write(chunk: Buffer): Promise<void>;
  /** Makes it last and names it: "file:<name>" or "redis:<name>". */
  commit(): Promise<string>;
  /** Takes it back, before or after `commit`. */
  discard(): Promise<void>;
}>;

/** A spill that nobody claimed goes after this, so that a crash in mid-message leaves nothing behind. */
const UNCLAIMED_S = 7200;
/** Redis reads one socket piece by piece: chunks of this size let other commands in between. */
const CHUNK_BYTES = 262_144;

/** Writes `<name>.part` in `folder`, then renames it to `<name>.body`. Rejects with the system's error (ENOSPC …). */
export async function openFileSpill(folder: string, name: string): Promise<Spill> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `${name}.part`);
  const whole = join(folder, `${name}.body`);
  const file = await open(part, 'wx', 0o600);
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await file.close();
  };
  return {
    write: (chunk) => writeAll(file, chunk),
    commit: async () => {
      await file.datasync();
      await close();
      await rename(part, whole);
      await syncFolder(folder); // the name is safe only with the folder
      return `file:${name}.body`;
    },
    discard: async () => {
      await close();
      await rm(part, { force: true });
      await rm(whole, { force: true });
    },
  };
}

/** Appends to `key`, which expires until somebody claims it. Rejects with RedisTrouble. */
export function openRedisSpill(redis: Redis, key: string, name: string): Spill {
  let held: Buffer[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    const chunk = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
    held = [];
    size = 0;
    if (chunk.length === 0) return;
    const append = redis.call('APPEND', key, chunk);
    const expire = redis.call('EXPIRE', key, UNCLAIMED_S);
    await Promise.all([append, expire]);
  };
  return {
    write: async (chunk) => {
      held.push(chunk);
      size += chunk.length;
      if (size >= CHUNK_BYTES) await flush();
    },
    commit: async () => {
      await flush();
      return `redis:${name}`;
    },
    // Nobody waits for it, least of all a client that is told that Redis does not answer: what stays expires.
    discard: async () => void redis.call('UNLINK', key).catch(() => undefined),
  };
}

type Writable = Readonly<{
  write(chunk: Buffer, offset: number): Promise<Readonly<{ bytesWritten: number }>>;
}>;

async function writeAll(file: Writable, chunk: Buffer): Promise<void> {
  for (let done = 0; done < chunk.length;) done += (await file.write(chunk, done)).bytesWritten;
}
