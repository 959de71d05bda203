// The files of the history: their names, and which months they are of.
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '../../lib/clock.ts';

/** "2026-11", in UTC. Months compare as texts do. */
export type MonthName = string;

/** Of a month's files the last generation counts: one that is made anew gets a name that was never used. */
export type MonthFile = Readonly<{ month: MonthName; generation: number; name: string }>;

export const MAIN_FILE = 'history.sqlite';
const FILE = /^(\d{4}-\d\d)(?:~(\d{1,6}))?\.sqlite$/;
/** SQLite keeps these beside a file. */
const ENDS = ['', '-wal', '-shm'];
const LAST_MS = 253_402_300_799_999;

export function monthOf(at: EpochMs): MonthName {
  // What is no time at all must not stop the others.
  const moment = Number.isFinite(at) ? Math.min(Math.max(0, at), LAST_MS) : 0;
  return new Date(moment).toISOString().slice(0, 7);
}

export function monthStart(month: MonthName): EpochMs {
  return Date.parse(`${month}-01T00:00:00Z`);
}

/** The first moment of the month after. */
export function monthEnd(month: MonthName): EpochMs {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return Date.UTC(year, number, 1);
}

export function fileName(month: MonthName, generation = 1): string {
  return `${month}${generation === 1 ? '' : `~${generation}`}.sqlite`;
}

/** The files that count, newest month first. */
export function monthFiles(folder: string): readonly MonthFile[] {
  const last = new Map<MonthName, MonthFile>();
  for (const file of allFiles(folder))
    if (file.generation > (last.get(file.month)?.generation ?? 0)) last.set(file.month, file);
  return [...last.values()].sort((a, b) => (a.month < b.month ? 1 : -1));
}

/** All generations. */
export function allFiles(folder: string): readonly MonthFile[] {
  return listFolder(folder).flatMap((name) => {
    const match = FILE.exec(name);
    return match?.[1] === undefined ? [] : [{ month: match[1], generation: Number(match[2] ?? 1), name }];
  });
}

/** Bytes of a file with what SQLite keeps beside it. */
export function bytesOf(path: string): number {
  return ENDS.reduce((sum, end) => sum + (statSync(path + end, { throwIfNoEntry: false })?.size ?? 0), 0);
}

export function removeFile(path: string): void {
  for (const end of ENDS) rmSync(path + end, { force: true });
}

/** Puts a damaged file out of the way, and returns its new name. */
export function setAside(folder: string, name: string): string {
  const taken = new Set(listFolder(folder));
  let number = 1;
  while (taken.has(`${name}.broken-${number}`)) number++;
  const aside = `${name}.broken-${number}`;
  for (const end of ENDS)
    if (taken.has(name + end)) renameSync(join(folder, name + end), join(folder, aside + end));
  return aside;
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
