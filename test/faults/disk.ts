// A small disk for a process of the relay: a mount that only it sees, and that goes with it.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Relay } from './process.ts';

/** Why there can be no such disk here, if so. */
export function whyNoDisk(): string | undefined {
  const tried = spawnSync('unshare', [mountFlags(), 'true']);
  return tried.status === 0 ? undefined : 'needs Linux and the right to mount (root or user namespaces)';
}

/** What to start the relay through, so that it finds a disk of this size ("48m") at `folder`, which is made. */
export function throughDisk(folder: string, size: string): readonly string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mount = `mount -t tmpfs -o size=${size},mode=700 tmpfs "$0" && exec "$@"`;
  return ['unshare', mountFlags(), 'sh', '-c', mount, folder];
}

/** The path by which we see what the relay sees at `path`. */
export const seenBy = (relay: Relay, path: string): string => join(`/proc/${relay.pid()}/root`, path);

/** Root mounts; others do in a user namespace of their own, where they may have one. */
function mountFlags(): string {
  return process.getuid?.() === 0 ? '-m' : '-rm';
}

/** Takes all of the disk's space. */
export function fill(path: string): void {
  const file = openSync(path, 'w');
  for (let size = 1_048_576; size >= 512;) {
    try {
      writeSync(file, Buffer.alloc(size, 1));
    } catch {
      size /= 2;
    }
  }
  closeSync(file);
}
