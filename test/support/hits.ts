// A tracking listener with a real Redis behind it, the links of a letter, and the events that came of them.
import { parseConfig } from '../../src/config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { newId } from '../../src/lib/ids.ts';
import { silentLog } from '../../src/lib/log.ts';
import { eventSchema, type Event } from '../../src/model/event.ts';
import { domainSchema } from '../../src/model/settings.ts';
import { openBase, type Base } from '../../src/roles/base.ts';
import { openLinker, startTracking, type Tracking } from '../../src/roles/tracking.ts';
import type { Facts } from '../../src/tracking/facts.ts';
import type { Links } from '../../src/tracking/links.ts';
import { randomPrefix, type TestRedis } from './redis.ts';

type Options = Readonly<{ redis: TestRedis; data: string; tracking?: object; brand?: object }>;

/** Starts it on a free port of loopback, with the domain shop.example, whose tracking host is click.shop.example. */
export async function openHits({
  redis,
  data,
  tracking: slice = {},
  brand = { name: 'The Shop' },
}: Options): Promise<Readonly<{ base: Base; tracking: Tracking }>> {
  const text = JSON.stringify({ data, tracking: { port: 0, url: 'http://localhost:8081', ...slice } });
  const base = await openBase({
    config: parseConfig(text, { file: undefined, environment: {} }),
    redisUrl: redis.url,
    prefix: randomPrefix(),
    log: silentLog,
    clock: systemClock,
  });
  const domain = { v: 1, name: 'shop.example', trackingHost: 'click.shop.example', brand, origin: 'command' };
  await base.settings.domains.add(domainSchema.parse(domain));
  try {
    return { base, tracking: await startTracking(base) };
  } catch (error) {
    await base.close();
    throw error;
  }
}

/** The links of a letter from news@shop.example to anna.rossi@example.net, accepted now. */
export function letterLinks(base: Base, more: Partial<Facts> = {}): Links {
  const facts: Facts = {
    delivery: `${newId(systemClock.now())}-1`,
    account: 'default',
    user: 'shop',
    recipient: 'anna.rossi@example.net',
    sender: 'b@shop.example',
    headerFrom: 'news@shop.example',
    ...more,
  };
  return openLinker(base)(facts, 'http://click.shop.example');
}

/** Events in the stream, in order. */
export async function writtenEvents(base: Base): Promise<readonly Event[]> {
  const entries = await base.asking.call('XRANGE', base.keys.events, '-', '+');
  const list: unknown[] = Array.isArray(entries) ? entries : [];
  return list.map((entry) => eventSchema.parse(JSON.parse(String(Array.isArray(entry) ? entry[1][1] : ''))));
}
