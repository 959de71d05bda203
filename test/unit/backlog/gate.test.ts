// The gate of a transport when it is closed while things are under way.
import { expect, test } from 'vitest';
import { Gate } from '../../../src/backlog/gate.ts';
import type { Job } from '../../../src/backlog/queue.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';

test('closing waits for deliveries that are just being pulled from a lane, and puts them back', async () => {
  const pulled = Promise.withResolvers<Readonly<{ items: readonly Job[]; more: boolean }>>();
  const putBack: string[] = [];
  const gate = new Gate({
    clock: systemClock,
    log: silentLog,
    locate: async () => ({ lane: 'mx.test', limit: 1 }),
    attempt: async () => undefined,
    park: async () => undefined,
    pull: () => pulled.promise,
    putBack: async ({ ref }) => void putBack.push(ref),
  });
  gate.wake('mx.test');

  const closed = gate.close();
  pulled.resolve({ items: [{ ref: 'default:one-1', run: 1, domain: 'a.test', priority: 3 }], more: false });
  await closed;

  expect(putBack).toEqual(['default:one-1']);
});

test('closing lets go of the jobs in rooms although Redis is away', async () => {
  const gate = new Gate({
    clock: systemClock,
    log: silentLog,
    locate: async () => ({ lane: 'mx.test', limit: 1 }),
    attempt: (_, { begun }) => {
      begun();
      return new Promise(() => undefined);
    },
    park: async () => undefined,
    pull: async () => ({ items: [], more: false }),
    putBack: () => Promise.reject(new Error('Redis is away')),
  });
  await gate.admit({ ref: 'default:one-1', run: 1, domain: 'a.test', priority: 3 });
  const second = gate.admit({ ref: 'default:two-1', run: 1, domain: 'a.test', priority: 3 });
  await Promise.resolve();

  await gate.close();

  await expect(second).resolves.toBeUndefined();
});
