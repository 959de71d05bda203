// A folder of its own for a backup or a restore that is made, and an end to those that a killed one left behind.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochMs } from '../lib/clock.ts';

/** None works for so long: what is older was left behind. */
const DEAD_MS = 24 * 3_600_000;

/** Makes an empty folder in the data folder, mode 0700. It holds secrets: whoever asks for it removes it. */
export async function openWorkspace(data: string, kind: 'backup' | 'restore', now: EpochMs): Promise<string> {
  for (const name of await readdir(data)) {
    const [, left] = /^(backup|restore)-\w{6}$/.exec(name) ?? [];
    // There is one restore at a time; backups may be made at the same time.
    if (left === undefined || (left !== kind && kind === 'backup')) continue;
    if (left === 'restore' || (await isDead(join(data, name), now)))
      await rm(join(data, name), { recursive: true, force: true });
  }
  return mkdtemp(join(data, `${kind}-`));
}

async function isDead(folder: string, now: EpochMs): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  return found !== undefined && now - found.mtimeMs > DEAD_MS;
}
