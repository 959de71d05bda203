// Reaching one address of a mail host as its TLS rule says, with a second try in clear where nobody demands more.
import type { Clock } from '../lib/clock.ts';
import type { Timeouts } from './config.ts';
import { openSession } from './converse.ts';
import type { Conversation } from './conversation.ts';
import type { Path } from './attempt.ts';
import { Peer } from './peer.ts';
import { IN_CLEAR, protectionOf, type TlsRule } from './protection.ts';
import type { Target } from './route.ts';
import type { SessionEnd } from './security/results.ts';
import type { Trouble } from './trouble.ts';

export type ReachDeps = Readonly<{
  path: Path;
  clock: Clock;
  timeouts: Timeouts;
  conversation: Conversation;
  signal: AbortSignal;
  /** Told how each session ended up. */
  ended(end: SessionEnd): void;
}>;

type Wanted = Readonly<{ target: Target; localAddress: string; rule: TlsRule }>;
type Opened = Readonly<{ peer: Peer } | { trouble: Trouble }>;

/** A connection, or why there is none; `sessions` is how many the host took up. */
export type Reached = Opened & Readonly<{ sessions: number }>;

/** Other connections to the provider are open, and close too slowly. */
export const CROWDED: Trouble = { kind: 'local', phase: 'connect', detail: 'no room' };

/** Opens a connection and lets the lane have it. */
export async function reach(deps: ReachDeps, wanted: Wanted): Promise<Reached> {
  const { lane, way } = deps.path;
  const { address } = wanted.target;
  const isOptional = wanted.rule.tls === 'opportunistic';
  const plain = { ...wanted, rule: IN_CLEAR };
  const first = await open(deps, isOptional && lane.hosts.hasBrokenTls(address) ? plain : wanted);
  const isBroken = 'trouble' in first && first.trouble.phase === 'tls';
  if (!isBroken || !isOptional || way.login || deps.signal.aborted) return first;
  lane.hosts.rememberBrokenTls(address);
  deps.conversation.note('TLS failed; trying once more without it on a new connection');
  const second = await open(deps, plain);
  return { ...second, sessions: first.sessions + second.sessions };
}

async function open(deps: ReachDeps, { target, localAddress, rule }: Wanted): Promise<Reached> {
  const { path, clock, signal } = deps;
  const { way, ehlo, lane, published } = path;
  const counted = await lane.throttle.opening();
  if (!counted) return { sessions: 0, trouble: CROWDED };
  const { tls, verify, dane } = rule;
  const names = [target.host, ...(published ? [published.domain] : [])]; // RFC 7672 §3.2.2
  const opened = await openSession(
    {
      target,
      localAddress,
      ehlo,
      tls,
      verify,
      signal,
      ...(dane && { dane: { records: dane, names } }),
      ...(way.login && { login: way.login }),
    },
    { clock, timeouts: deps.timeouts, conversation: deps.conversation },
  );
  if (opened.kind === 'failed') {
    deps.ended(opened);
    counted.closed();
    return { sessions: opened.reached ? 1 : 0, trouble: opened.trouble };
  }
  lane.hosts.reached(target.address);
  const { socket, distrust, ...session } = opened.session;
  // What goes in clear after TLS has failed was counted when it failed.
  if (rule !== IN_CLEAR)
    deps.ended({ kind: 'open', ...session, ...(distrust !== undefined && { distrust }) });
  const facts = {
    host: target.host,
    address: `${target.address}:${target.port}`,
    localAddress,
    ehlo,
    identity: identityOf(path, localAddress === path.transport.address6 ? 'address6' : 'address'),
    protection: protectionOf(session.tls, rule),
    ...session,
  };
  const peer = new Peer(socket, facts, clock);
  lane.adopt(peer, counted);
  return { sessions: 1, peer };
}

/** What must be equal for a kept connection to serve another attempt. */
export function identityOf({ transport, ehlo, way }: Path, source: 'address' | 'address6'): string {
  const { username, password } = way.login ?? {};
  return [transport[source], ehlo, way.hosts, way.tls, username, password].join('\0');
}
