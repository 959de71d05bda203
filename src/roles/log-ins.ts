// Notes from which countries users log in, where a file of countries is there: the monitor looks for stolen passwords by it.
import type { User } from '../model/settings.ts';
import { makeLogIns } from '../monitor/log-ins.ts';
import { openGeo } from '../tracking/geo.ts';
import type { Base } from './base.ts';

export type LogInNotes = Readonly<{
  note(user: User, address: string): void;
  stop(): void;
}>;

const NO_NOTES: LogInNotes = { note: () => undefined, stop: () => undefined };

/** Never rejects: mail is taken also where no country can be told. */
export async function openLogInNotes({
  asking: redis,
  prefix,
  clock,
  log,
  config,
}: Base): Promise<LogInNotes> {
  const { monitor, tracking } = config;
  if (!monitor.enabled || monitor.theft.act === 'off' || tracking.geo === undefined) return NO_NOTES;
  const geo = await openGeo(tracking.geo, { clock, log }).catch((error: unknown) => {
    log.warn({ error: String(error) }, 'Countries of log-ins cannot be told.');
    return undefined;
  });
  if (!geo) return NO_NOTES;
  const logIns = makeLogIns({ redis, prefix, clock, log });
  return {
    note: ({ name }, address) => {
      const country = geo.countryOf(address);
      if (country !== undefined) logIns.note(name, country);
    },
    stop: geo.stop,
  };
}
