// A relay inside the test's own process, so that its clock can be moved; everything else about it is real.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { parseConfig } from '../../src/config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { makeLog } from '../../src/lib/log.ts';
import { roleNames } from '../../src/roles/role.ts';
import { start, type Running } from '../../src/roles/start.ts';
import type { MovableClock } from './clock.ts';
import type { Internet } from './internet.ts';
import { openPost, type Post } from './post.ts';

export type WorldRelay = Readonly<{
  running: Running;
  /** Jumps ahead, and BullMQ's delayed jobs, which go by the system's clock, come so much nearer. */
  jump(ms: number): Promise<void>;
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
    jump: async (ms) => {
      clock.move(ms);
      await running.base.offset.measure();
      await hurryJobs(running, ms);
    },
    post: (localAddress) => openPost(port, localAddress),
    close: async () => {
      await running.stop();
      clock.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function hurryJobs({ base }: Running, ms: number): Promise<void> {
  const connection = base.connect('work').raw;
  for (const name of base.settingsNow().transports.keys()) {
    const queue = new Queue(`deliver.${name}`, { connection, prefix: base.keys.queues });
    for (const job of await queue.getDelayed()) {
      const left = job.timestamp + job.delay - systemClock.now() - ms;
      // One that came due just now is no more delayed.
      await job.changeDelay(Math.max(0, left)).catch(() => undefined);
    }
    await queue.close();
  }
  connection.disconnect();
}
