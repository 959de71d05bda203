// All checks of one transport at once, now, for people: what each found, in sentences.
import { sayMoment } from '../lib/moment.ts';
import type { Transport } from '../model/settings.ts';
import { publicAddresses } from './addresses.ts';
import { tryBind } from './bind.ts';
import type { Blocklist } from './blocklists.ts';
import type { Verdict } from './dnsbl.ts';
import { checkIdentity, type IdentityFinding } from './identity.ts';
import { makeRound, type LookUp } from './lookup.ts';
import { judgeRates, outcomeKinds, percentOf, type Counts, type Tally } from './rates.ts';
import type { TransportsDeps } from './transports.ts';

export type CheckFinding = Readonly<{
  check: 'block-list' | IdentityFinding['check'] | 'bind' | 'rates' | 'state';
  state: 'ok' | 'warning' | 'problem' | 'unknown';
  sentence: string;
  /** What it is about: an address, a block list, a provider. */
  of?: string;
  /** Of rates: the counts themselves. */
  counts?: Tally;
}>;

export type CheckDeps = Omit<TransportsDeps, 'tell' | 'isWarming' | 'transports'>;

/** Asks everything anew; a positive is confirmed at once. Rejects with RedisTrouble. */
export async function checkTransport(
  transport: Transport,
  deps: CheckDeps,
): Promise<readonly CheckFinding[]> {
  const { hostname, ask, counts } = deps;
  const [lists, identity, bind, rates] = await Promise.all([
    listFindings(transport, deps),
    checkIdentity(transport, hostname, ask),
    bindFindings(transport, deps),
    counts.transports(),
  ]);
  return [
    stateFinding(transport, deps),
    ...bind,
    ...addressFinding(transport),
    ...identity.map(identityFinding),
    ...lists,
    ...ratesFindings(rates.get(transport.name) ?? { hour: new Map(), day: new Map() }, deps),
  ];
}

function stateFinding({ name, paused }: Transport, { states }: CheckDeps): CheckFinding {
  const { state, reason, since } = states.stateOf(name);
  const why = reason === '' ? '' : `: ${reason.replace(/\.$/, '')}`;
  const when = since === 0 ? '' : ` since ${sayMoment(since, 'minute')} UTC`;
  const isBad = { warming: 'ok', healthy: 'ok', degraded: 'warning', quarantined: 'problem' } as const;
  const sentence = `It is ${state}${when}${why}.${paused ? ' It is paused, too.' : ''}`;
  return { check: 'state', state: isBad[state], sentence };
}

/** Without a public address there is nothing that the world could say of it. */
function addressFinding(transport: Transport): readonly CheckFinding[] {
  if (transport.kind === 'sandbox' || publicAddresses(transport).length > 0) return [];
  const sentence =
    transport.via === undefined
      ? 'Its address is private: name the one that the world sees ("postino transport set --public-address"), so that block lists and names can be looked at.'
      : 'It sends through a relay of others, whose address the world sees: block lists and names are theirs.';
  return [{ check: 'block-list', state: transport.via ? 'ok' : 'warning', sentence }];
}

async function listFindings(transport: Transport, deps: CheckDeps): Promise<readonly CheckFinding[]> {
  const first = makeRound(deps.ask);
  const second = makeRound(deps.confirm);
  const pairs = publicAddresses(transport).flatMap((address) =>
    deps.config.blocklists.map((list) => ({ address, list })),
  );
  const found = await Promise.all(pairs.map((pair) => listFinding(pair, first, second)));
  return found.filter((finding) => finding !== undefined);
}

async function listFinding(
  { address, list }: Readonly<{ address: string; list: Blocklist }>,
  first: LookUp,
  second: LookUp,
): Promise<CheckFinding | undefined> {
  const verdict = await first(address, list);
  if (!verdict) return undefined;
  const common = { check: 'block-list', of: list.name } as const;
  const about = `${address} at ${list.name}`;
  if (verdict.kind === 'clean') return { ...common, state: 'ok', sentence: `${about}: clean.` };
  if (verdict.kind === 'unknown')
    return { ...common, state: 'unknown', sentence: `${about}: unknown, ${verdict.why}.` };
  const again = await second(address, list);
  const note = list.note === undefined ? '' : ` ${list.note}`;
  const isFatal = verdict.act === 'quarantine' && again?.kind === 'listed';
  return {
    ...common,
    state: isFatal ? 'problem' : 'warning',
    sentence: `${about}: listed (${verdict.codes.join(', ')}), ${CONFIRMED[again?.kind ?? 'unknown']}.${note}`,
  };
}

const CONFIRMED: Readonly<Record<Verdict['kind'], string>> = {
  listed: 'which a second look confirms',
  clean: 'which a second look denies',
  unknown: 'which a second look can neither confirm nor deny',
};

function identityFinding({ check, address, state, sentence }: IdentityFinding): CheckFinding {
  const states = { ok: 'ok', trouble: 'warning', hint: 'warning', unknown: 'unknown' } as const;
  return { check, of: address, state: states[state], sentence };
}

/** What the delivering processes say, and what this one can do where it runs on their host. */
async function bindFindings(transport: Transport, { binds }: CheckDeps): Promise<readonly CheckFinding[]> {
  const { kind, address, address6 } = transport;
  if (kind === 'sandbox')
    return [{ check: 'bind', state: 'ok', sentence: 'It catches mail and sends nothing.' }];
  const said = await binds.read(transport);
  if (said.state === 'trouble') return [{ check: 'bind', state: 'problem', sentence: said.sentence }];
  if (said.state === 'ok') return [{ check: 'bind', state: 'ok', sentence: said.sentence }];
  const tried = [address, address6].filter((one) => one !== undefined);
  return Promise.all(
    tried.map(async (one): Promise<CheckFinding> => {
      const problem = await tryBind(one);
      if (problem === undefined)
        return { check: 'bind', of: one, state: 'ok', sentence: `${one} can be used on this host.` };
      const sentence = `${one} cannot be used on this host (${problem}), and no delivering process has tried it lately.`;
      return { check: 'bind', of: one, state: 'warning', sentence };
    }),
  );
}

function ratesFindings(counts: Counts, { config }: CheckDeps): readonly CheckFinding[] {
  const { level, reason } = judgeRates(counts, config.rates, 'good');
  const states = { good: 'ok', bad: 'warning', worst: 'problem' } as const;
  const providers = [...counts.hour].sort(([one], [other]) => (one < other ? -1 : 1));
  const judged: CheckFinding = {
    check: 'rates',
    state: states[level],
    sentence: level === 'good' ? 'Replies of the last hour are in order.' : `Within the last hour ${reason}.`,
  };
  return [
    judged,
    ...providers.map(([provider, tally]): CheckFinding => {
      const percent = percentOf(tally, 1);
      const parts = outcomeKinds.filter((kind) => tally[kind] > 0);
      const said = parts.map((kind) => `${kind} ${tally[kind]} (${percent[kind].toFixed(1)} %)`).join(', ');
      const of = provider || 'others';
      return { check: 'rates', of, state: 'ok', sentence: `${of}: ${said}.`, counts: tally };
    }),
  ];
}
