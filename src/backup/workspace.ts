// A folder of its own for a backup or a restore that is made, and an end to those that a killed one left behind.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochMs } from '../lib/clock.ts';
import { deadIn } from '../lib/files.ts';

/** Makes an empty folder in the data folder, mode 0700. It holds secrets: whoever asks for it removes it. */
export async function openWorkspace(data: string, kind: 'backup' | 'restore', now: EpochMs): Promise<string> {
  // There is one restore at a time; backups may be made at the same time.
  const restores =
    kind === 'restore' ? (await readdir(data)).filter((name) => /^restore-\w{6}$/.test(name)) : [];
  const backups = await deadIn(data, (name) => /^backup-\w{6}$/.test(name), now);
  for (const path of [...restores.map((name) => join(data, name)), ...backups])
    await rm(path, { recursive: true, force: true });
  return mkdtemp(join(data, `${kind}-`));
}
