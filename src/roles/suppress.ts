// Wiring of automatic suppression: for customers' mail, and not for users that want none.
import { makeRecordSink } from '../events/sinks/record.ts';
import type { Sink } from '../events/sinks/index.ts';
import type { Settings } from '../model/settings.ts';
import { makeAutoSuppress } from '../store/auto-suppress.ts';
import { SYSTEM } from './system.ts';
import type { Base } from './base.ts';

const LAPSE_MS = 3_600_000;

/** The sink that fills the suppression lists. */
export function suppressSink(base: Base): Sink {
  const { asking: redis, prefix, clock, config, suppressions: list } = base;
  const suppress = makeAutoSuppress({
    redis,
    prefix,
    clock,
    config: config.suppression,
    list,
    mayFor: (user) => suppressesFor(base.settingsNow(), user),
  });
  let lapseAt = clock.ticks();
  return makeRecordSink('suppress', async (events) => {
    await suppress(events);
    if (clock.ticks() < lapseAt) return;
    lapseAt = clock.ticks() + LAPSE_MS;
    await list.lapse();
  });
}

/** Who forwards other people's mail finds no list useful: the people behind it would not know of it. */
function suppressesFor({ users }: Pick<Settings, 'users'>, name: string): boolean {
  const user = users.get(name);
  return name !== SYSTEM && user !== undefined && (user.autoSuppress ?? !user.trustedSmartHost);
}
