// postino backup and postino restore: a whole installation in one file, and back.
import { resolve } from 'node:path';
import type { Backup } from '../backup/backup.ts';
import type { Restored } from '../backup/restore.ts';
import type { Manifest } from '../backup/archive.ts';
import { done, failed, type Command } from './command.ts';
import { sayTime } from './timeline.ts';

export type BackupContext = Readonly<{
  /** Where the history is when it is not in the data folder, such as "postgres://db.example.net:5432/postino". */
  historyElsewhere: string | undefined;
  backup(file: string, what: Manifest['what']): Promise<Backup>;
}>;

/** For a Postino that does not run. */
export type RestoreContext = Readonly<{
  historyElsewhere: string | undefined;
  restore(file: string, replace: boolean): Promise<Restored>;
}>;

export const backupCommands: readonly Command<BackupContext>[] = [
  {
    words: 'backup <file>',
    summary: 'Write settings, keys, events and history to one file, while Postino runs.',
    options: [{ flags: '--settings-only', summary: 'leave events and history out' }],
    run: async ({ backup, historyElsewhere }, { file = '' }, options) => {
      const made = await backup(resolve(file), options['settingsOnly'] === true ? 'settings' : 'all');
      const { manifest, keys, bytes, hasMasterKey } = made;
      const size = `${manifest.files.length} files and ${keys} keys, ${(bytes / 1e6).toFixed(1)} MB`;
      const history =
        historyElsewhere === undefined || manifest.what === 'settings'
          ? ''
          : ` The history is not in it either, since it is in ${historyElsewhere}: back it up there (pg_dump), or have it made again from the event log, as far as that goes back.`;
      return done(`${made.file} is written (${size}). ${sayKey(hasMasterKey)} ${MAIL}${history}`, {
        file: made.file,
        bytes,
        keys,
        masterKey: hasMasterKey,
        files: manifest.files,
      });
    },
  },
];

export const restoreCommands: readonly Command<RestoreContext>[] = [
  {
    words: 'restore <file>',
    summary: 'Bring an installation back from a backup, while Postino does not run.',
    options: [
      { flags: '--replace', summary: 'remove the settings that are here, and keep the files beside' },
    ],
    run: async (context, { file = '' }, options) => {
      const restored = await context.restore(resolve(file), options['replace'] === true);
      if (!restored.ok) return failed(restored.problem);
      const { manifest, keys, replaced, config } = restored;
      const made = `${sayTime(manifest.at)} UTC`;
      const history =
        context.historyElsewhere === undefined
          ? ''
          : ` The history in ${context.historyElsewhere} is as it was, and is not restored: what it lacks is read from the event log.`;
      const kept = replaced === undefined ? '' : ` What was here before lies in ${replaced}.`;
      return done(
        `${manifest.hostname} is restored as it was at ${made} (${keys} keys, ${manifest.files.length} files).${kept}${sayConfig(config)}${history} Then "postino start".`,
        {
          at: manifest.at,
          hostname: manifest.hostname,
          keys,
          files: manifest.files.length,
          replaced,
          config,
        },
      );
    },
  },
];

const MAIL = 'Mail that is on its way and what the sandbox caught are not in it.';

function sayKey(hasMasterKey: boolean): string {
  return hasMasterKey
    ? 'The master key is in it, and with it all DKIM keys and secrets: keep it where nobody else can read it.'
    : 'The master key is not in it, since it comes from your configuration: without that key nobody can open the DKIM keys and secrets in this file.';
}

function sayConfig(file: string | undefined): string {
  if (file === undefined) return '';
  return ` Users, domains and transports that the configuration file declares come from there, also now: the file of that installation lies in ${file}.`;
}
