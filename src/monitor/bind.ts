// The bind test: whether this process can use a transport's address as its source, and what all processes say of that.
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { hashIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Redis } from '../lib/script.ts';
import type { Transport } from '../model/settings.ts';

/** What processes said lately: one of them is enough to send. */
export type BindFinding = Readonly<{ state: 'ok' | 'trouble' | 'unknown'; sentence: string }>;

/** Binds a socket to the address and lets it go; undefined: it works, else what the system says. */
export function tryBind(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: isIP(address) === 6 ? 'udp6' : 'udp4' });
    socket.once('error', (error: Error & { code?: string }) => {
      socket.close();
      resolve(error.code ?? error.message);
    });
    socket.bind({ address, port: 0, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}

export type Binds = Readonly<{
  /** Tests all addresses of this process' transports and says so to the others. Rejects with RedisTrouble. */
  test(transports: Iterable<Transport>): Promise<void>;
  /** What all processes said of a transport within the last rounds. Rejects with RedisTrouble. */
  read(transport: Transport): Promise<BindFinding>;
}>;

const ROUNDS = 3;

/** `everyMs`: how often each process tests. `owner` names this one. */
export function makeBinds(
  deps: Readonly<{ redis: Redis; prefix: string; clock: Clock; owner: string; everyMs: number }>,
): Binds {
  const { redis, clock, owner, everyMs } = deps;
  const keyOf = (name: string): string => `${deps.prefix}binds:${name}`;
  return {
    test: async (transports) => {
      for (const { name, kind, address, address6 } of transports) {
        if (kind === 'sandbox') continue;
        const tried = [address, address6].filter((one) => one !== undefined);
        const results = await Promise.all(tried.map(async (one) => ({ one, problem: await tryBind(one) })));
        const bad = results.filter(({ problem }) => problem !== undefined);
        const said = bad.map(({ one, problem }) => `${one}: ${problem}`).join(', ');
        await redis.call('HSET', keyOf(name), owner, `${clock.now()} ${said}`);
        await redis.call('PEXPIRE', keyOf(name), everyMs * ROUNDS * 2);
      }
    },
    read: async ({ name }) => {
      const since = clock.now() - everyMs * ROUNDS;
      const said = hashIn(await redis.call('HGETALL', keyOf(name)));
      // Processes that are no more would gather here for ever.
      const old = [...said]
        .filter(([, text]) => Number.parseInt(text, 10) < since)
        .map(([process]) => process);
      if (old.length > 0) await redis.call('HDEL', keyOf(name), ...old);
      return judgeBinds(said, since);
    },
  };
}

/** `said`: by process, "<when> <trouble>", "" for none. Pure. */
export function judgeBinds(said: ReadonlyMap<string, string>, since: EpochMs): BindFinding {
  const recent = [...said.values()]
    .map((text) => ({ at: Number.parseInt(text, 10), trouble: text.slice(text.indexOf(' ') + 1) }))
    .filter(({ at }) => at >= since);
  if (recent.length === 0)
    return { state: 'unknown', sentence: 'No delivering process has tried its address lately.' };
  if (recent.some(({ trouble }) => trouble === ''))
    return { state: 'ok', sentence: 'Its address can be used.' };
  const troubles = [...new Set(recent.map(({ trouble }) => trouble))].join('; ');
  return { state: 'trouble', sentence: `No running process can use its address (${troubles}).` };
}
