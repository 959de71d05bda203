// A whole relay inside the test's own process: what it keeps in memory can be asked, and settings change without a command.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { makeLog } from '../../src/lib/log.ts';
import { roleNames, type RoleName } from '../../src/roles/role.ts';
import { start, type Running } from '../../src/roles/start.ts';
import type { World } from './world.ts';

export type InsideRelay = Readonly<{
  running: Running;
  base: Running['base'];
  /** Listener without TLS on 127.0.0.1; 0 where it has none. */
  port: number;
  data: string;
  close(): Promise<void>;
}>;

export type InsideOptions = Readonly<{
  world: Pick<World, 'dns' | 'mxPort'>;
  /** Address of a Redis. */
  redis: string;
  config: Readonly<Record<string, unknown>> & Readonly<{ delivery?: Readonly<Record<string, unknown>> }>;
  roles?: readonly RoleName[];
  clock?: Clock;
}>;

/** Starts one; `config` has its transports, pools and users. */
export async function startInside(options: InsideOptions): Promise<InsideRelay> {
  const { world, redis, config, roles = roleNames, clock = systemClock } = options;
  const folder = mkdtempSync(join(tmpdir(), 'postino-inside-'));
  const data = join(folder, 'data');
  const host = '127.0.0.1';
  const text = JSON.stringify({
    hostname: 'relay.test',
    data,
    redis,
    adminPassword: 'admin-Secret-19',
    smtp: { listeners: [{ host, port: 0, tls: 'none' }] },
    http: { host, port: 0 },
    tracking: { host, port: 0 },
    dns: { servers: [world.dns.server], timeout: '1s', tries: 1 },
    stopWithin: '3s',
    ...config,
    delivery: { mxPort: world.mxPort, allowPrivateAddresses: true, ...config.delivery },
  });
  const parsed = parseConfig(text, { file: undefined, environment: {} });
  const level = process.env['POSTINO_TEST_LOG'] === undefined ? 'silent' : 'debug';
  const running = await start({ config: parsed, roles, clock, log: makeLog(level) });
  return {
    running,
    base: running.base,
    port: running.submission?.listeners[0]?.port ?? 0,
    data,
    close: async () => {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
