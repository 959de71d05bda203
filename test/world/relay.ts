// A relay inside the test's own process, so that its clock can be moved; everything else about it is real.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config.ts';
import { makeLog } from '../../src/lib/log.ts';
import { roleNames } from '../../src/roles/role.ts';
import { start, type Running } from '../../src/roles/start.ts';
import type { MovableClock } from './clock.ts';
import type { Internet } from './internet.ts';
import { openPost, type Post } from './post.ts';

export type WorldRelay = Readonly<{
  running: Running;
  /** Sends by SMTP as the user whose network has the address. */
  post(localAddress: string): Promise<Post>;
  close(): Promise<void>;
}>;

export type WorldConfig = Readonly<Record<string, unknown>> &
  Readonly<{ delivery?: Readonly<Record<string, unknown>> }>;

/** Starts one that delivers into `internet`; `config` has transports, users and what else the test is about. */
export async function startWorldRelay(
  internet: Internet,
  clock: MovableClock,
  config: WorldConfig,
): Promise<WorldRelay> {
  const folder = mkdtempSync(join(tmpdir(), 'postino-world-'));
  const host = '127.0.0.1';
  const text = JSON.stringify({
    hostname: 'relay.test',
    data: join(folder, 'data'),
    adminPassword: 'admin-Secret-19',
    smtp: { listeners: [{ host, port: 0, tls: 'none' }], maxConnectionsPerIp: 200 },
    http: { host, port: 0 },
    tracking: { host, port: 0 },
    dns: { servers: [internet.dns.server], timeout: '1s', tries: 1 },
    log: { level: process.env['WORLD_LOG'] ?? 'error' },
    stopWithin: '3s',
    ...config,
    delivery: { mxPort: internet.mxPort, allowPrivateAddresses: true, ...config.delivery },
  });
  const parsed = parseConfig(text, { file: undefined, environment: {} });
  const running = await start({ config: parsed, roles: roleNames, clock, log: makeLog(parsed.log.level) });
  const port = running.submission?.listeners[0]?.port ?? 0;
  return {
    running,
    post: (localAddress) => openPost(port, localAddress),
    close: async () => {
      await running.stop();
      clock.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
