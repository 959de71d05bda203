// Backups of a running Postino, and restoring one that does not run.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeBackup } from '../backup/backup.ts';
import { restore } from '../backup/restore.ts';
import type { BackupContext, RestoreContext } from '../cli/backup.ts';
import type { Config } from '../config.ts';
import { startEmbeddedRedis } from '../embedded.ts';
import type { Clock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { parsePostgresUrl, sayAddress } from '../history/postgres/address.ts';
import { copySqliteHistory } from '../history/sqlite/copy.ts';
import { VERSION } from '../lib/version.ts';
import { FORMAT } from '../store/processes.ts';
import { connectRedis } from '../store/redis.ts';
import { loadMasterKey, makeSealer } from '../store/seal.ts';
import { BaseProblem, type Base } from './base.ts';

/** What the master key's fingerprint in a backup is made of. */
const PURPOSE = 'postino backup';
const READY_MS = 30_000;

export function backupOf({ asking, prefix, config, sealer, clock }: Base): BackupContext {
  const { data, hostname, file: configFile } = config;
  const masterKey = sealer.fingerprint(PURPOSE);
  const deps = {
    redis: asking,
    prefix,
    data,
    configFile,
    hostname,
    version: VERSION,
    masterKey,
    clock,
    copyHistory: copySqliteHistory,
  };
  return {
    historyElsewhere: historyElsewhere(config),
    backup: (file, what) => makeBackup(deps, file, what),
  };
}

/** No backup has it where another server keeps it: the operator is told. */
function historyElsewhere({ history }: Config): string | undefined {
  const address = history.enabled && history.store !== 'sqlite' ? parsePostgresUrl(history.store) : undefined;
  return typeof address === 'object' ? sayAddress(address) : undefined;
}

export type RestoreSurroundings = Readonly<{
  config: Config;
  prefix: string;
  clock: Clock;
  redisServer: string | undefined;
}>;

/** Restoring, with a Redis of its own where the configuration says "embedded". */
export function restoreWith({ config, prefix, clock, redisServer }: RestoreSurroundings): RestoreContext {
  const { data } = config;
  return {
    historyElsewhere: historyElsewhere(config),
    restore: async (file, replace) => {
      const log = silentLog;
      const embedded =
        config.redis === 'embedded'
          ? await startEmbeddedRedis({ data, log, clock, server: redisServer })
          : undefined;
      const url = embedded ? `unix:${embedded.socket}` : config.redis;
      const redis = connectRedis({ url, purpose: 'work', prefix, log });
      try {
        if (!(await redis.whenReady(AbortSignal.timeout(READY_MS))))
          throw new BaseProblem('Redis did not answer within 30 seconds; nothing was changed.');
        const masterKeyOf = (folder: string): string | undefined => fingerprintIn(folder, config.masterKey);
        return await restore({ redis, prefix, data, clock, format: FORMAT, masterKeyOf }, file, replace);
      } finally {
        await redis.close();
        await embedded?.stop();
      }
    },
  };
}

function fingerprintIn(folder: string, given: string | undefined): string | undefined {
  const file = join(folder, 'master.key');
  if (given === undefined && !existsSync(file)) return undefined;
  const master = loadMasterKey(file, given);
  return master.ok ? makeSealer(master.key).fingerprint(PURPOSE) : undefined;
}
