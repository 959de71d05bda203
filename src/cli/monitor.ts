// postino transport check, quarantine and release: what the world thinks of a transport, and what operators say to that.
import type { Clock } from '../lib/clock.ts';
import type { Notice } from '../model/notice.ts';
import type { Transport } from '../model/settings.ts';
import type { TransportState } from '../model/transport-state.ts';
import type { CheckFinding } from '../monitor/check.ts';
import type { SettingsStore } from '../store/settings.ts';
import type { TransportStates } from '../store/transport-states.ts';
import { done, failed, textOf, type Command, type Result, type Values } from './command.ts';

export type MonitorContext = Readonly<{
  settings: SettingsStore;
  states: TransportStates;
  clock: Clock;
  /** All checks of a transport, now. */
  checkTransport(transport: Transport): Promise<readonly CheckFinding[]>;
  tell(notice: Notice): Promise<void>;
}>;

const reasonOption = { flags: '--reason <text>', summary: 'why, for whoever looks later' };

export const monitorCommands: readonly Command<MonitorContext>[] = [
  {
    words: 'transport check <name>',
    summary: 'Check a transport now: block lists, reverse DNS, EHLO name, address, replies.',
    run: check,
  },
  {
    words: 'transport quarantine <name>',
    summary: 'Let nothing leave by it until you release it; its mail goes to the others of its pool.',
    options: [reasonOption],
    run: (context, { name = '' }, options) =>
      setState(context, name, {
        state: 'quarantined',
        reason: textOf(options, 'reason') ?? 'An operator quarantined it.',
        said: `Transport ${name} is quarantined; "postino transport release ${name}" ends that.`,
      }),
  },
  {
    words: 'transport release <name>',
    summary: 'End its quarantine, whoever began it; what is known by now will not quarantine it again.',
    options: [reasonOption],
    run: release,
  },
];

async function check({ settings, checkTransport }: MonitorContext, { name = '' }): Promise<Result> {
  const transport = (await settings.refresh()).transports.get(name);
  if (!transport) return unknownTransport(name);
  const findings = await checkTransport(transport);
  const marks = { ok: 'ok      ', unknown: 'unknown ', warning: 'WARNING ', problem: 'PROBLEM ' } as const;
  const text = findings.map(({ check: what, state, sentence }) => `${marks[state]} ${what}: ${sentence}`);
  const result = done(text.join('\n'), findings);
  return findings.some(({ state }) => state === 'problem') ? { ...result, code: 1 } : result;
}

async function release(
  context: MonitorContext,
  { name = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  await context.states.refresh();
  const { state } = context.states.stateOf(name);
  if (context.settings.latest()?.transports.has(name) && state !== 'quarantined')
    return failed(`Transport ${name} is ${state}, so there is nothing to release.`);
  return setState(context, name, {
    state: 'healthy',
    reason: textOf(options, 'reason') ?? 'An operator released it.',
    said: `Transport ${name} is released; the next checks say how well it is.`,
  });
}

async function setState(
  { settings, states, clock, tell }: MonitorContext,
  name: string,
  { state, reason, said }: Pick<TransportState, 'state' | 'reason'> & Readonly<{ said: string }>,
): Promise<Result> {
  const transport = (await settings.refresh()).transports.get(name);
  if (!transport) return unknownTransport(name);
  const was = await states.set(name, state, reason, 'operator');
  await tell({
    type: 'transport-state',
    at: clock.now(),
    scope: 'transport',
    key: name,
    transport: name,
    state,
    was: was.state,
    reason,
    rule: 'operator',
    over: state === 'healthy',
  });
  return done(said, { name, ...states.stateOf(name) });
}

function unknownTransport(name: string): Result {
  return failed(`There is no transport called ${name}; "postino transport list" shows them all.`);
}
