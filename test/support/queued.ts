// A queue of any length in a Redis, written as records without anybody accepting mail: for those who look at it.
import type { Base } from '../../src/roles/base.ts';
import { writeRecord } from '../../src/backlog/records.ts';
import { newId } from '../../src/lib/ids.ts';
import { refOf, type Delivery } from '../../src/model/delivery.ts';

type Of = Pick<Base, 'asking' | 'keys'>;

const TOGETHER = 2000;

/** Puts `count` deliveries into the queue, each as `of` says for its number. Resolves to them. */
export async function putInQueue(
  { asking: redis, keys }: Of,
  count: number,
  of: (n: number) => Partial<Delivery>,
): Promise<readonly Delivery[]> {
  const all = Array.from({ length: count }, (_, n) => deliveryOf(n, of(n)));
  for (let begin = 0; begin < count; begin += TOGETHER) {
    const some = all.slice(begin, begin + TOGETHER);
    await Promise.all(
      some.map((one) => redis.call('HSET', keys.delivery(refOf(one)), ...writeRecord(one), ...heldBy(one))),
    );
    await redis.call('ZADD', keys.due, ...some.flatMap((one) => [one.due, refOf(one)]));
  }
  return all;
}

/** Takes them out again, as if they had been sent. */
export async function takeFromQueue({ asking: redis, keys }: Of, gone: readonly Delivery[]): Promise<void> {
  for (let begin = 0; begin < gone.length; begin += TOGETHER) {
    const refs = gone.slice(begin, begin + TOGETHER).map(refOf);
    await redis.call('ZREM', keys.due, ...refs);
    await redis.call('DEL', ...refs.map((ref) => keys.delivery(ref)));
  }
}

const heldBy = ({ hold }: Delivery): readonly string[] => (hold === undefined ? [] : ['hold', hold]);

function deliveryOf(n: number, own: Partial<Delivery>): Delivery {
  const submission = newId(Date.now() - 60_000);
  const domain = own.domain ?? 'one.example';
  return {
    v: 1,
    id: `${submission}-1`,
    account: 'default',
    submission,
    user: 'shop',
    recipient: { address: `someone${n}@${domain}` },
    domain,
    pool: 'default',
    transport: 'out1',
    priority: 3,
    state: 'parked',
    run: 1,
    attempts: 0,
    ambiguous: 0,
    due: Date.now() - 30_000,
    expiresAt: Date.now() + 86_400_000,
    ...own,
  };
}
