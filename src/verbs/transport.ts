// Transports: the addresses that mail leaves from, how they are and how far their warm-up is.
import type { WarmupOverview } from '../deliver/warmup/overview.ts';
import { transportSchema, type Transport } from '../model/settings.ts';
import { warmupFor, type Said } from '../store/warmup-since.ts';
import type { VerbContext } from './context.ts';
import { byName, did, noSuch, refused, type Did } from './did.ts';
import { membersOf, usersOf } from './pool.ts';
import { changeVia, type GivenVia } from './transport-via.ts';

/** What was given: fields and their values, those to remove, and what was said of warm-up and upstream relay. */
export type Given = Readonly<{
  fields: Readonly<Partial<Transport>>;
  removed: readonly (keyof Transport)[];
  said: Said;
  relay: GivenVia;
}>;

/** What operators switch. */
export type Switch = Readonly<Partial<Pick<Transport, 'paused' | 'draining'>>>;

/** What is said of its state: what operators did counts before what monitors found. */
export type ShownState =
  | 'paused'
  | 'draining'
  | 'running'
  | 'warming'
  | 'healthy'
  | 'degraded'
  | 'quarantined';

/** `because` is why monitors or operators gave it this state, epoch milliseconds `since`; absent: nobody said anything. */
export type ShownTransport = Readonly<{
  transport: Transport;
  state: ShownState;
  because?: Readonly<{ reason: string; since: number }>;
  warmup: WarmupOverview | undefined;
}>;

type Context = Pick<VerbContext, 'settings' | 'states' | 'warmup' | 'sealer' | 'today'>;

export async function listTransports(context: Context): Promise<readonly ShownTransport[]> {
  const { transports } = await context.settings.refresh();
  const all = [...transports.values()].sort(byName);
  return Promise.all(all.map((one) => shownOf(context, one)));
}

export async function showTransport(context: Context, name: string): Promise<Did<ShownTransport>> {
  const transport = (await context.settings.refresh()).transports.get(name);
  return transport ? did(await shownOf(context, transport)) : noSuch('transport', name);
}

/** Adds an address, or a sandbox; what is wrong with it is one sentence. */
export async function addTransport(
  context: Context,
  { name, kind }: Pick<Transport, 'name' | 'kind'>,
  given: Given,
): Promise<Did<Transport>> {
  const entry = transportSchema.safeParse({ ...given.fields, v: 1, name, kind, origin: 'command' });
  if (!entry.success) {
    const problems = entry.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    return refused('wrong', `${problems.join('; ')}.`);
  }
  const made = applied(context, entry.data, undefined, given);
  if ('problem' in made) return refused('wrong', made.problem);
  const change = await context.settings.transports.add(made);
  return change.ok ? did(change.entry) : change;
}

export async function changeTransport(context: Context, name: string, given: Given): Promise<Did<Transport>> {
  const old = (await context.settings.refresh()).transports.get(name);
  const trial = old && applied(context, old, old, given);
  if (trial && 'problem' in trial) return refused('wrong', trial.problem);
  const change = await context.settings.transports.change(name, (entry) => {
    const made = applied(context, entry, entry, given);
    return 'problem' in made ? entry : made;
  });
  return change.ok ? did(change.entry) : change;
}

/** Pauses, resumes, drains: what operators may do to any transport. */
export async function switchTransport(
  { settings }: Pick<VerbContext, 'settings'>,
  name: string,
  to: Switch,
): Promise<Did<Transport>> {
  const change = await settings.transports.change(name, (old) => ({ ...old, ...to }), 'switch');
  return change.ok ? did(change.entry) : change;
}

/** Removes one; resolves to its pool, whose others take what waits for it. `how` force: also the last of its pool. */
export async function removeTransport(
  { settings }: Pick<VerbContext, 'settings'>,
  name: string,
  how: 'careful' | 'force',
): Promise<Did<Readonly<{ pool: string }>>> {
  const now = await settings.refresh();
  const pool = now.transports.get(name)?.pool ?? '';
  const users = usersOf(now, pool);
  const last = membersOf(now, pool).every((member) => member === name);
  const hasOther = now.pools.get(pool)?.fallback !== undefined;
  if (pool !== '' && last && !hasOther && users.length > 0 && how !== 'force')
    return refused(
      'used',
      `Transport ${name} is the last of pool ${pool}, which ${users.join(', ')} would have no way out without.`,
      'add another one first, or say --force: their mail then waits.',
    );
  const removal = await settings.transports.remove(name);
  return removal.ok ? did({ pool }) : removal;
}

async function shownOf({ states, warmup }: Context, transport: Transport): Promise<ShownTransport> {
  const { reason, since } = states.stateOf(transport.name);
  return {
    transport,
    state: stateOf(transport, states),
    ...(reason === '' ? {} : { because: { reason, since } }),
    warmup: await warmup.overview(transport),
  };
}

function stateOf({ name, paused, draining }: Transport, states: Context['states']): ShownState {
  if (paused) return 'paused';
  if (draining) return 'draining';
  const { state, since } = states.stateOf(name);
  return since === 0 ? 'running' : state;
}

/** The entry with what was given, its upstream relay sealed, and its warm-up begun where it is new to the world. */
function applied(
  { sealer, today }: Context,
  entry: Transport,
  old: Transport | undefined,
  { fields, removed, said, relay }: Given,
): Transport | Readonly<{ problem: string }> {
  const changed = changeVia(entry.name, old?.via, relay, sealer);
  if ('problem' in changed) return changed;
  const { warm: _warm, warmup: _warmup, via: _via, ...plain } = { ...entry, ...fields };
  const kept = Object.entries(plain).filter(([key]) => !removed.some((one) => one === key));
  const next = transportSchema.parse({
    ...Object.fromEntries(kept),
    ...(changed.via && { via: changed.via }),
  });
  return { ...next, ...warmupFor(next, old, said, today(next.timeZone)) };
}
