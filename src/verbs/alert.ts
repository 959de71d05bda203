// What goes on, what was told lately, who hears of what, and a test of the ways to them.
import type { Alert } from '../alerts/alert.ts';
import type { AlertRule } from '../alerts/config.ts';
import type { Condition } from '../alerts/watch.ts';
import type { Limit } from '../deliver/shaping/limit.ts';
import type { Limits } from '../deliver/shaping/limits.ts';
import type { Settings } from '../model/settings.ts';
import type { TransportState } from '../model/transport-state.ts';
import { did, noSuch, refused, type Did } from './did.ts';

export type AlertVerbs = Readonly<{
  settingsNow(): Settings;
  states: Readonly<{ refresh(): Promise<unknown>; stateOf(name: string): TransportState }>;
  limits: Pick<Limits, 'refresh' | 'list'>;
  alerts: Readonly<{
    rules: readonly AlertRule[];
    recent(count: number): Promise<readonly Alert[]>;
    conditions(): Promise<readonly Condition[]>;
    /** Sends a test by all ways of a rule; what went wrong, if anything. */
    test(rule: AlertRule): Promise<string | undefined>;
  }>;
}>;

/** A rule without its secret. */
export type PublicRule = Readonly<Omit<AlertRule, 'secret'> & { signed: boolean }>;

export type Situation = Readonly<{
  now: Readonly<{
    conditions: readonly Condition[];
    /** Those that are degraded or quarantined. */
    transports: readonly (TransportState & Readonly<{ name: string }>)[];
    limits: readonly Limit[];
  }>;
  /** Newest first. */
  recent: readonly Alert[];
}>;

export async function situation(
  { alerts, settingsNow, states, limits }: AlertVerbs,
  count: number,
): Promise<Situation> {
  await Promise.all([states.refresh(), limits.refresh()]);
  const conditions = await alerts.conditions();
  const transports = [...settingsNow().transports.keys()].flatMap((name) => {
    const state = states.stateOf(name);
    return state.state === 'degraded' || state.state === 'quarantined' ? [{ name, ...state }] : [];
  });
  return { now: { conditions, transports, limits: limits.list() }, recent: await alerts.recent(count) };
}

export function listRules({ alerts }: Pick<AlertVerbs, 'alerts'>): readonly PublicRule[] {
  return alerts.rules.map(({ secret, ...rule }) => ({ ...rule, signed: secret !== undefined }));
}

/** Sends a test to everybody whom a rule tells, or all rules ("" as name). */
export async function testRules(
  { alerts }: Pick<AlertVerbs, 'alerts'>,
  name: string,
): Promise<Did<readonly Readonly<{ rule: string; problem: string | undefined }>[]>> {
  const chosen = alerts.rules.filter((rule) => name === '' || rule.name === name);
  if (chosen.length === 0) return name === '' ? noRules : noSuch('rule', name, 'alert rules');
  return did(
    await Promise.all(chosen.map(async (rule) => ({ rule: rule.name, problem: await alerts.test(rule) }))),
  );
}

const noRules = refused('idle', 'There are no rules: set alerts.to in the configuration, or alerts.rules.');
