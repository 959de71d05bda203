// What the world thinks of a transport, and what operators say to that: check, quarantine, release, findings.
import type { Clock } from '../lib/clock.ts';
import type { Notice } from '../model/notice.ts';
import type { Transport } from '../model/settings.ts';
import type { TransportState } from '../model/transport-state.ts';
import type { CheckFinding } from '../monitor/check.ts';
import type { SettingsStore } from '../store/settings.ts';
import type { TransportStates } from '../store/transport-states.ts';
import { did, noSuch, refused, type Did } from './did.ts';

export type MonitorVerbs = Readonly<{
  settings: Pick<SettingsStore, 'refresh' | 'latest'>;
  states: TransportStates;
  clock: Clock;
  /** All checks of a transport, now. */
  checkTransport(transport: Transport): Promise<readonly CheckFinding[]>;
  tell(notice: Notice): Promise<void>;
}>;

/** All checks of a transport, now. */
export async function checkTransportNow(
  { settings, checkTransport }: MonitorVerbs,
  name: string,
): Promise<Did<readonly CheckFinding[]>> {
  const transport = (await settings.refresh()).transports.get(name);
  return transport ? did(await checkTransport(transport)) : noSuch('transport', name);
}

/** Lets nothing leave by it until it is released; its mail goes to the others of its pool. */
export function quarantineTransport(
  verbs: MonitorVerbs,
  name: string,
  reason = 'An operator quarantined it.',
): Promise<Did<TransportState>> {
  return setState(verbs, name, { state: 'quarantined', reason });
}

/** Ends its quarantine, whoever began it; what is known by now will not quarantine it again. */
export async function releaseTransport(
  verbs: MonitorVerbs,
  name: string,
  reason = 'An operator released it.',
): Promise<Did<TransportState>> {
  await verbs.states.refresh();
  const { state } = verbs.states.stateOf(name);
  if (verbs.settings.latest()?.transports.has(name) && state !== 'quarantined')
    return refused('idle', `Transport ${name} is ${state}, so there is nothing to release.`);
  return setState(verbs, name, { state: 'healthy', reason });
}

async function setState(
  { settings, states, clock, tell }: MonitorVerbs,
  name: string,
  { state, reason }: Pick<TransportState, 'state' | 'reason'>,
): Promise<Did<TransportState>> {
  const transport = (await settings.refresh()).transports.get(name);
  if (!transport) return noSuch('transport', name);
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
  return did(states.stateOf(name));
}
