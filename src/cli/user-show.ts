// A user as people read it: durations, blocks and rules in words. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import { sayMoment } from '../lib/moment.ts';
import type { Block, Instructions } from '../model/instructions.ts';
import type { Rule, User } from '../model/settings.ts';
import type { Watch } from '../model/watch.ts';
import type { SenderRecord } from '../monitor/records.ts';
import { publicUser } from '../verbs/user.ts';

/** Rows for a sheet. */
export function readableUser(user: User): Readonly<Record<string, unknown>> {
  const {
    rules,
    defaults,
    limits,
    header,
    footer,
    scheduleAhead,
    archive,
    watch,
    topicNames,
    v: _v,
    ...rest
  } = publicUser(user);
  return {
    ...rest,
    limits: sayAll(limits),
    ...(watch ? { watch: sayWatch(watch) } : {}),
    defaults: sayInstructions(defaults),
    ...Object.fromEntries(rules.map((rule, n) => [`rule ${n + 1}`, sayRule(rule)])),
    scheduleAhead: sayDuration(scheduleAhead),
    archive: archive === undefined ? 'off' : sayDuration(archive),
    topicNames: sayAll(topicNames ?? {}),
    header: sayBlock(header),
    footer: sayBlock(footer),
  };
}

/** How the monitor finds its mail: "stopped since 2026-01-31 09:30 UTC until …: 5.4 % bounces …"; nothing where it is fine. */
export function readableSending(record: SenderRecord | undefined): Readonly<Record<string, unknown>> {
  if (!record) return {};
  const { state, since, until, reason, held, bounces, complaints } = record;
  const end = until === undefined ? '' : ` until ${minuteOf(until)}`;
  return {
    ...(state === 'fine' ? {} : { sending: `${state} since ${minuteOf(since)}${end}: ${reason}` }),
    ...(held ? { held: `since ${minuteOf(held.at)}: ${held.reason}` } : {}),
    ...(bounces > 0 ? { bounces: `${bounces.toFixed(2)} % within 24 hours` } : {}),
    ...(complaints > 0 ? { complaints: `${complaints.toFixed(2)} % within 24 hours` } : {}),
  };
}

const minuteOf = (at: EpochMs): string => `${sayMoment(at, 'minute')} UTC`;

/** "opens yes; clicks html; ttl 2h". */
function sayInstructions({ ttl, ...others }: Instructions): string {
  return sayAll({ ...others, ...(ttl === undefined ? {} : { ttl: sayDuration(ttl) }) });
}

/** "bounces 4, 6, 8 %; act warn": what `user set` was told. */
function sayWatch({ bounces, complaints, ...others }: Watch): string {
  const stages = Object.entries({ bounces, complaints }).flatMap(([name, at]) =>
    at === undefined ? [] : [`${name} ${at.warn}, ${at.slow}, ${at.stop} %`],
  );
  return [...stages, sayAll(others)].filter((part) => part !== '').join('; ');
}

function sayRule({ when, set }: Rule): string {
  const conditions = Object.entries(when).map(([what, pattern]) => `${what} ${pattern}`);
  return `${conditions.length > 0 ? `when ${conditions.join(' and ')}` : 'always'}: ${sayInstructions(set)}`;
}

function sayBlock(block: Block | undefined): string {
  const { html, text } = block ?? {};
  const parts = Object.entries({ html: html?.length, text: text?.length });
  return parts
    .flatMap(([part, length]) => (length === undefined ? [] : [`${part}, ${length} characters`]))
    .join('; ');
}

function sayAll(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${sayValue(value)}`)
    .join('; ');
}

function sayValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const texts = Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
  return texts ? texts.join(', ') : JSON.stringify(value);
}
