// Two versions of Postino side by side on one Redis with mail flowing: to the new one, and back. BASE names the older commit.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { relayUsers, startRelay, type Relay } from '../support/relay.ts';
import { message, sendMail } from '../support/sender.ts';
import { startSmallWorld } from '../support/world.ts';

const root = new URL('../..', import.meta.url).pathname;
/** The last commit before history, webhooks and the API. */
const base = process.env['BASE'] ?? 'b497644';
const PHASE_MS = 8_000;
/** A transport moves to another process within 15 s of the end of the one that had its lease. */
const ARRIVAL_MS = 60_000;

/** The older version, with the dependencies of this one; undefined where the repository does not know it. */
function checkout(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'postino-older-'));
  try {
    const tar = execFileSync('git', ['archive', base, 'src', 'config', 'package.json'], {
      cwd: root,
      maxBuffer: 1e9,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-x', '-C', folder], { input: tar });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    return folder;
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}

const older = checkout();

test.skipIf(older === undefined)(
  'to the new version and back: each message with a 250 arrives, and none twice',
  async () => {
    const redis = await startRedis();
    const world = await startSmallWorld();
    const data = mkdtempSync(join(tmpdir(), 'postino-upgrade-'));
    const common = { redis: redis.url, data, world, config: { suppression: { hard: false } } };
    const relays: Relay[] = [];
    const taken: string[] = [];
    let refused = 0;
    let open: readonly Relay[] = [];
    let isOver = false;
    const { name, password, domain } = relayUsers.shop;

    const sendOne = async (n: number): Promise<void> => {
      const relay = open[n % Math.max(1, open.length)];
      if (!relay) return;
      const to = `n${n}@${n % 2 === 0 ? 'one' : 'two'}.test`;
      const replies = await sendMail({
        port: relay.ports.plain,
        user: { name, password },
        mail: `shop@${domain}`,
        rcpt: [to],
        data: message([`From: shop@${domain}`, `To: ${to}`, `Subject: number ${n}`]),
      }).catch(() => []);
      if (replies.at(-1)?.startsWith('250 2.0.0 Ok: queued as')) taken.push(to);
      else refused++;
    };
    const flow = async (): Promise<void> => {
      for (let n = 0; !isOver; n++) {
        await sendOne(n);
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    };
    const phase = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PHASE_MS));

    try {
      const old = await startRelay({ ...common, main: join(older ?? '', 'src', 'main.ts') });
      relays.push(old);
      open = [old];
      const flowing = flow();
      await phase();
      const next = await startRelay(common);
      relays.push(next);
      open = [old, next];
      await phase();
      open = [next];
      expect(await old.stop()).toBe(0);
      await phase();
      await old.start();
      open = [old, next];
      await phase();
      open = [old];
      expect(await next.stop()).toBe(0);
      await phase();
      isOver = true;
      await flowing;
      const arrived = (): string[] =>
        [...world.mx.one.messages, ...world.mx.two.messages].map(({ rcpt }) => rcpt);
      await expect
        .poll(() => new Set(arrived()).size, { timeout: ARRIVAL_MS, interval: 200 })
        .toBe(taken.length);
      const twice = arrived().length - new Set(arrived()).size;
      console.log(
        `${taken.length} messages with a 250 over five phases of ${PHASE_MS / 1000} s (${base} alone, with this version, this version alone, with ${base}, ${base} alone): ${new Set(arrived()).size} arrived, ${twice} twice, ${refused} refused.`,
      );
      expect(twice).toBe(0);
      expect(taken.length).toBeGreaterThan(200);
      for (const relay of relays) expect(relay.log()).not.toMatch(/"level":(?:50|60)/);
    } finally {
      isOver = true;
      for (const relay of relays) await relay.close();
      await world.close();
      await redis.stop();
      rmSync(data, { recursive: true, force: true });
      if (older !== undefined) rmSync(older, { recursive: true, force: true });
    }
  },
);

test.runIf(older === undefined)(`skipped: this repository does not have the commit ${base}`, () => undefined);
