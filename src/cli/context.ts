// What the settings commands need: filled in by main.ts, or by a test.
import type { VerbContext } from '../verbs/context.ts';
import type { OfUsers } from '../verbs/user.ts';
import type { Command } from './command.ts';

export type SettingsContext = VerbContext &
  OfUsers &
  Readonly<{
    /** All of standard input, as text. */
    readInput(): Promise<string>;
    /** Reads a file as text; rejects when it is larger than `maxBytes`. */
    readFile(path: string, maxBytes?: number): Promise<string>;
  }>;

export type SettingsCommand = Command<SettingsContext>;
