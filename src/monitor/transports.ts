// Watches over transports: asks what is due, judges, moves their states, and tells of each change.
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Notice } from '../model/notice.ts';
import type { Transport } from '../model/settings.ts';
import type { TransportState } from '../model/transport-state.ts';
import { publicAddresses } from './addresses.ts';
import type { Ask } from './answer.ts';
import type { Binds } from './bind.ts';
import type { MonitorConfig } from './config.ts';
import type { CountStore } from './counts.ts';
import { NO_FINDINGS, type Findings, type FindingsStore } from './findings.ts';
import { checkIdentity } from './identity.ts';
import { sayListing, type Listing } from './listing.ts';
import { checkLists, confirmLists, makeRound, type LookUp } from './lookup.ts';
import { judgeRates, type Counts, type RatesJudgement } from './rates.ts';
import { nextState, type Signals } from './state.ts';

/** States as the store keeps them. */
export type States = Readonly<{
  stateOf(name: string): TransportState;
  all(): ReadonlyMap<string, TransportState>;
  move(name: string, to: Omit<TransportState, 'since'>): Promise<boolean>;
  forget(name: string): Promise<void>;
  refresh(): Promise<void>;
}>;

export type TransportsDeps = Readonly<{
  config: MonitorConfig;
  hostname: string;
  clock: Clock;
  log: Log;
  transports(): readonly Transport[];
  states: States;
  /** The resolver of every check, and the one that confirms. */
  ask: Ask;
  confirm: Ask;
  counts: CountStore;
  binds: Binds;
  findings: FindingsStore;
  /** True while the transport's warm-up goes on. */
  isWarming(transport: Transport): Promise<boolean>;
  tell(notice: Notice): Promise<void>;
}>;

export type TransportWatch = Readonly<{
  /** One round over all transports. Rejects with RedisTrouble. */
  round(): Promise<void>;
  /** Asks again for positives whose confirmation is due. Costs nothing when there are none. Rejects with RedisTrouble. */
  confirm(): Promise<void>;
  /** This process was not the one that watches, and is now: what it knew is old. */
  forget(): void;
}>;

const HOUR = 3_600_000;
/** Names whose DNS did not answer are asked again sooner. */
const UNANSWERED_MS = 300_000;

/** Makes the watch; nothing happens before `round`. */
export function makeTransportWatch(deps: TransportsDeps): TransportWatch {
  let known: Map<string, Findings> | undefined;
  return {
    forget: () => {
      known = undefined;
    },
    confirm: async () => {
      for (const [name, before] of known ?? []) {
        if (!before.listings.some(({ pending }) => pending && pending.confirmAt <= deps.clock.now()))
          continue;
        const round = roundOf(deps);
        const listings = await confirmLists(before.listings, { ...listingDeps(deps), lookUp: round.second });
        const after = { ...before, listings };
        await tellListings(name, { before: before.listings, after: listings }, round);
        const transport = deps.transports().find((one) => one.name === name);
        const warming = transport !== undefined && (await deps.isWarming(transport));
        await moveState(name, { found: after, warming }, round); // rounds alone count streaks
        known?.set(name, after);
        await deps.findings.put(name, after);
      }
    },
    round: async () => {
      if (!known) await deps.states.refresh();
      known ??= new Map(await deps.findings.all());
      const memory = known;
      const all = deps.transports();
      const transports = all.filter(({ kind }) => kind === 'smtp');
      await tidy(memory, new Set(all.map(({ name }) => name)), deps);
      const counts = await deps.counts.transports();
      const round = roundOf(deps);
      await Promise.all(
        transports.map(async (transport) => {
          const before = memory.get(transport.name) ?? NO_FINDINGS;
          const after = await look(transport, before, { round, counts: counts.get(transport.name) });
          memory.set(transport.name, after);
          await deps.findings.put(transport.name, after);
        }),
      );
    },
  };
}

/** What belongs to transports that are no more. */
async function tidy(
  memory: Map<string, Findings>,
  names: ReadonlySet<string>,
  { states, findings }: TransportsDeps,
): Promise<void> {
  for (const name of [...states.all().keys()].filter((one) => !names.has(one))) await states.forget(name);
  for (const name of [...memory.keys()].filter((one) => !names.has(one))) {
    memory.delete(name);
    await findings.forget(name);
  }
}

type Round = TransportsDeps & Readonly<{ first: LookUp; second: LookUp }>;

/** Lists are asked for their test entries once for all transports. */
function roundOf(deps: TransportsDeps): Round {
  return { ...deps, first: makeRound(deps.ask), second: makeRound(deps.confirm) };
}

function listingDeps({ config, clock }: TransportsDeps) {
  const rules = { confirmAfterMs: config.confirmAfter, cleanChecks: config.cleanChecks };
  return { lists: config.blocklists, clock, rules };
}

async function look(
  transport: Transport,
  before: Findings,
  { round, counts = NO_COUNTS }: Readonly<{ round: Round; counts: Counts | undefined }>,
): Promise<Findings> {
  const { clock, config, states, binds } = round;
  const state = states.stateOf(transport.name);
  const isReleased = state.cause === 'operator' && state.state === 'healthy';
  const lists = await lookAtLists(transport, before, round);
  const identity = await lookAtIdentity(transport, before, round);
  const found: Findings = {
    ...before,
    ...lists,
    ...identity,
    at: clock.now(),
    bind: await binds.read(transport),
    rates: judgeRates(counts, config.rates, before.rates.level),
    hour: Object.fromEntries(counts.hour),
    pardonedAt: isReleased ? Math.max(before.pardonedAt, state.since) : before.pardonedAt,
  };
  await tellListings(transport.name, { before: before.listings, after: found.listings }, round);
  const warming = await round.isWarming(transport);
  return { ...found, streaks: await moveState(transport.name, { found, warming }, round) };
}

const NO_COUNTS: Counts = { hour: new Map(), day: new Map() };

async function lookAtLists(
  transport: Transport,
  before: Findings,
  round: Round,
): Promise<Pick<Findings, 'listings' | 'listsAt'>> {
  const { clock, config, first, second } = round;
  const common = listingDeps(round);
  const addresses = publicAddresses(transport);
  const isNew = addresses.some((one) => !before.listings.some(({ address }) => address === one));
  const now = clock.now();
  const isDue = isNew || now - before.listsAt >= config.blocklistsEvery;
  const listings = isDue
    ? await checkLists(addresses, before.listings, { ...common, lookUp: first })
    : before.listings;
  const confirmed = await confirmLists(listings, { ...common, lookUp: second });
  return { listings: confirmed, listsAt: isDue ? now : before.listsAt };
}

async function lookAtIdentity(
  transport: Transport,
  before: Findings,
  { clock, config, hostname, ask }: Round,
): Promise<Pick<Findings, 'identity' | 'identityAt'>> {
  const now = clock.now();
  const isOpen = before.identity.some(({ state }) => state === 'unknown');
  const everyMs = isOpen ? Math.min(UNANSWERED_MS, config.identityEvery) : config.identityEvery;
  if (before.identityAt !== 0 && now - before.identityAt < everyMs)
    return { identity: before.identity, identityAt: before.identityAt };
  return { identity: await checkIdentity(transport, hostname, ask), identityAt: now };
}

/** Each confirmed entry and its end, also while the state stays as it is. */
async function tellListings(
  name: string,
  { before, after }: Readonly<{ before: readonly Listing[]; after: readonly Listing[] }>,
  { tell, clock }: Round,
): Promise<void> {
  const isListed = (one: Listing, all: readonly Listing[]): boolean =>
    all.some(({ address, zone, listed }) => listed && address === one.address && zone === one.zone);
  const common = {
    type: 'trouble',
    at: clock.now(),
    scope: 'transport',
    key: name,
    transport: name,
  } as const;
  for (const one of after.filter(({ listed }) => listed))
    if (!isListed(one, before)) await tell({ ...common, rule: one.list, reason: `${sayListing(one)}.` });
  for (const { listed: _, ...one } of before.filter((old) => isListed(old, before) && !isListed(old, after)))
    await tell({
      ...common,
      rule: one.list,
      over: true,
      reason: `${one.address} is not listed by ${one.list} any more.`,
    });
}

/** Moves the state where the findings say so; the streaks for the next round. */
async function moveState(
  name: string,
  { found, warming }: Readonly<{ found: Findings; warming: boolean }>,
  round: Round,
): Promise<Findings['streaks']> {
  const { states, clock, config, tell } = round;
  const now = states.stateOf(name);
  const signals = signalsOf(found, { warming, at: clock.now(), now });
  const rules = { checks: config.rates.checks, calm: config.rates.calm, restMs: config.rates.rest };
  const { to, streaks } = nextState(now, { signals, streaks: found.streaks, rules, at: clock.now() });
  // Where another was faster the next round sees what it said.
  if (!to || !(await states.move(name, to))) return streaks;
  const { state, reason, cause } = to;
  const common = {
    type: 'transport-state',
    at: clock.now(),
    scope: 'transport',
    key: name,
    transport: name,
  } as const;
  await tell({ ...common, state, was: now.state, reason, rule: cause, over: state === 'healthy' });
  return streaks;
}

/** What the findings say to the state. What was found before an operator's release lowers it, and quarantines no more. */
function signalsOf(
  found: Findings,
  { warming, at, now }: Readonly<{ warming: boolean; at: EpochMs; now: TransportState }>,
): Signals {
  const entries = found.listings.filter(({ listed }) => listed);
  const fatal = entries.filter(
    ({ listed }) => listed?.act === 'quarantine' && listed.since > found.pardonedAt,
  );
  // While something new is being confirmed nobody says that the lists are clean.
  const isOpen = now.cause === 'listing' && found.listings.some(({ pending }) => pending);
  const stays = isOpen && now.state === 'quarantined' ? now.reason : undefined;
  const names = found.identity.filter(({ state }) => state === 'trouble');
  const troubles: Signals['troubles'] = [
    ...(found.bind.state === 'trouble' ? [{ cause: 'bind' as const, sentence: found.bind.sentence }] : []),
    ...(entries.length > 0 ? [{ cause: 'listing' as const, sentence: sayAll(entries) }] : []),
    ...names.slice(0, 1).map(({ sentence }) => ({ cause: 'identity' as const, sentence })),
  ];
  return {
    warming,
    listed: fatal.length > 0 ? sayAll(fatal) : stays,
    troubles,
    rates: pardoned(found.rates, at - found.pardonedAt),
  };
}

/** The counts of an hour still hold what led to the quarantine. */
function pardoned(rates: RatesJudgement, ageMs: number): RatesJudgement {
  return rates.level === 'worst' && ageMs < HOUR ? { ...rates, level: 'bad' } : rates;
}

const sayAll = (entries: readonly Listing[]): string => `${entries.map(sayListing).join('; ')}.`;
