// What the monitor found last, as figures: states from memory, the rest as the process that watches wrote it down.
import type { Limit } from '../deliver/shaping/limit.ts';
import type { HealthFigures } from '../http/health-metrics.ts';
import { makeFindingsStore, type Findings } from '../monitor/findings.ts';
import { outcomeKinds, percentOf } from '../monitor/rates.ts';
import { readSenders, type SenderRecord } from '../monitor/records.ts';
import { readSenderKey } from '../monitor/tallies.ts';
import type { Base } from './base.ts';
import { webhookFigures } from './webhooks.ts';

/** Rejects with RedisTrouble. */
export async function healthFigures(base: Base): Promise<Omit<HealthFigures, 'learnt'>> {
  const { asking: redis, prefix, states, settingsNow, limits } = base;
  const [findings, senders, webhooks] = await Promise.all([
    makeFindingsStore({ redis, prefix }).all(),
    readSenders(redis, prefix),
    webhookFigures(base),
  ]);
  const transports = [...settingsNow().transports.values()].filter(({ kind }) => kind === 'smtp');
  return {
    states: transports.map(({ name }) => ({ transport: name, state: states.stateOf(name).state })),
    ...foundFigures(findings),
    senders: [...senders].flatMap(senderFigures),
    limits: limitFigures(limits.list()),
    webhooks,
  };
}

/** Pure. */
export function foundFigures(
  findings: ReadonlyMap<string, Findings>,
): Pick<HealthFigures, 'listings' | 'replies'> {
  const all = [...findings];
  return {
    listings: all.flatMap(([transport, { listings }]) =>
      listings
        .filter(({ listed, last }) => listed !== undefined || last.kind === 'clean')
        .map(({ address, list, listed }) => ({ transport, address, list, listed: listed !== undefined })),
    ),
    replies: all.flatMap(([transport, { hour }]) =>
      Object.entries(hour).flatMap(([provider, tally]) => {
        const percent = percentOf(tally, 1);
        return outcomeKinds.map((kind) => ({
          transport,
          provider: provider || 'others',
          kind,
          count: tally[kind],
          share: percent[kind] / 100,
        }));
      }),
    ),
  };
}

/** Counted, not listed: thousands of lanes can be limited at a time. Pure. */
export function limitFigures(
  limits: readonly Pick<Limit, 'scope' | 'rule' | 'action'>[],
): HealthFigures['limits'] {
  const groups = Map.groupBy(limits, ({ scope, rule, action }) => [scope, rule, action].join('\0'));
  return [...groups.values()].flatMap((group) =>
    group.slice(0, 1).map(({ scope, rule, action }) => ({ scope, rule, action, count: group.length })),
  );
}

function senderFigures([key, { state, held }]: readonly [string, SenderRecord]): HealthFigures['senders'] {
  const { user, domain } = readSenderKey(key);
  if (domain !== undefined) return [];
  return [...(state === 'fine' ? [] : [{ user, state }]), ...(held ? [{ user, state: 'held' }] : [])];
}
