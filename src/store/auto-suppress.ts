// Bounces and complaints become suppressions: hard ones at once, soft ones after so many in a row, by the events that tell them.
import type { Clock } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import type { Event } from '../model/event.ts';
import { storeKeys } from './keys.ts';
import type { SuppressionConfig } from './suppression-config.ts';
import { entryFor, scopeFor, signOf, type Sign } from './suppression-rule.ts';
import { fieldOf } from './suppressions-csv.ts';
import type { Suppressions } from './suppressions.ts';

export type AutoSuppressDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  config: SuppressionConfig;
  list: Pick<Suppressions, 'put'>;
  /** False for users whose recipients are not put on the list by themselves. */
  mayFor(user: string): boolean;
}>;

/** Takes events in order. Rejects when Redis does not answer; the same again does no harm. */
export type AutoSuppress = (events: readonly Event[]) => Promise<void>;

const softScript = loadScript(new URL('./scripts/soft-1.lua', import.meta.url));
/** Keys that one command forgets. */
const BATCH = 200;

type Judged = Readonly<{ event: Event; sign: Sign; row: string }>;

/** Makes what feeds the lists. */
export function makeAutoSuppress(deps: AutoSuppressDeps): AutoSuppress {
  const { redis, config, mayFor } = deps;
  const keys = storeKeys(deps.prefix);
  const judge = (event: Event): readonly Judged[] => {
    const sign = event.delivery === '' ? undefined : signOf(event);
    if (sign === undefined || (sign !== 'takes' && !mayFor(event.user))) return [];
    const place = { address: event.recipient.toLowerCase(), ...scopeFor(event, config) };
    return [{ event, sign, row: keys.softBounces(event.account, fieldOf(place)) }];
  };
  return async (events) => {
    let taking: string[] = [];
    const forget = async (): Promise<void> => {
      const rows = taking;
      taking = [];
      if (rows.length > 0) await redis.call('UNLINK', ...rows);
    };
    for (const judged of events.flatMap(judge)) {
      if (judged.sign !== 'takes') {
        await forget();
        await suppress(deps, judged, judged.sign);
      } else if (taking.push(judged.row) >= BATCH) await forget();
    }
    await forget();
  };
}

async function suppress(
  { redis, config, list, clock }: AutoSuppressDeps,
  { event, row }: Judged,
  sign: Exclude<Sign, 'takes'>,
): Promise<void> {
  if (!(await isEnough({ redis, config }, { event, row }, sign))) return;
  await list.put(event.account, entryFor(event, sign, config, clock.now()));
  // Once somebody takes the address off the list, it begins anew.
  await redis.call('UNLINK', row);
}

async function isEnough(
  { redis, config }: Pick<AutoSuppressDeps, 'redis' | 'config'>,
  { event, row }: Pick<Judged, 'event' | 'row'>,
  sign: Exclude<Sign, 'takes'>,
): Promise<boolean> {
  if (sign === 'hard') return config.hard;
  if (sign === 'complaint') return config.complaints;
  const needed = config[sign];
  if (needed === 0) return false;
  return Number(await redis.run(softScript, [row], [event.delivery, sign, config.within])) >= needed;
}
