// The files of the history: their names, and which months they are of.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '../../lib/clock.ts';

/** "2026-11", in UTC. Months compare as texts do. */
export type MonthName = string;

const FILE = /^(\d{4}-\d\d)\.sqlite$/;
export const MAIN_FILE = 'history.sqlite';

export function monthOf(at: EpochMs): MonthName {
  // What is no time at all must not stop the others.
  const moment = Number.isFinite(at) ? Math.min(Math.max(0, at), 253_402_300_799_999) : 0;
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

export function fileOf(folder: string, month: MonthName): string {
  return join(folder, `${month}.sqlite`);
}

/** Months that there are files of, newest first. */
export function monthsIn(folder: string): readonly MonthName[] {
  const names = listFolder(folder).flatMap((name) => FILE.exec(name)?.[1] ?? []);
  return names.sort().reverse();
}

/** Bytes of a file with what SQLite keeps beside it. */
export function bytesOf(path: string): number {
  return ['', '-wal', '-shm'].reduce((sum, end) => sum + sizeOf(path + end), 0);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
