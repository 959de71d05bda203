// One attempt at one delivery: a kept connection or the next host that answers, the letter, and what came of it.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Capabilities, Letter, Render } from '../model/letter.ts';
import type { Cause, Outcome, Via } from '../model/outcome.ts';
import type { Transport } from '../model/settings.ts';
import type { BounceRules } from '../model/classify.ts';
import type { DeliveryConfig } from './config.ts';
import { Conversation } from './conversation.ts';
import type { Lane } from './lanes/lane.ts';
import type { Peer } from './peer.ts';
import { isForTls, ruleFor, serves, unmet, type Demand, type TlsRule } from './protection.ts';
import { CROWDED, identityOf, reach } from './reach.ts';
import type { Target, Way } from './route.ts';
import type { Published } from './security/published.ts';
import { resultsOf, type SessionEnd, type TlsResult } from './security/results.ts';
import { transact, withdrawn, type Transaction } from './transaction.ts';
import { sourceFor } from './transports/source.ts';
import { judge, type Trouble } from './trouble.ts';
import { Allowance } from './warmup/allowance.ts';
import type { WarmupRoom } from './warmup/room.ts';

/** What is sent, and until when. */
export type Errand = Readonly<{
  render: Render;
  signal: AbortSignal;
  /** Asked before MAIL and again before the dot; false: another process may hold the transport by now. */
  mayProceed(): boolean;
}>;

export type AttemptDeps = Readonly<{
  config: DeliveryConfig;
  warmup: WarmupRoom;
  rules: BounceRules;
  clock: Clock;
  log: Log;
  /** Told what the TLS of each session came to; absent: nobody wants to know. */
  count?: ((result: TlsResult) => void) | undefined;
}>;

export type Path = Readonly<{
  transport: Transport;
  ehlo: string;
  lane: Lane;
  way: Extract<Way, { kind: 'hosts' }>;
  /** What the message demands of TLS; undefined: nothing. */
  demand: Demand;
  /** What the recipient's domain says of TLS; absent where its mail hosts are not asked. */
  published?: Published | undefined;
}>;

const MAX_SESSIONS = 2;
const CROWDED_MS = 1000;

/** Not done: the next host may do better. */
type Tried = Readonly<{ done: true; outcome: Outcome } | { done: false; outcome?: Outcome }>;

type Where = Readonly<{ target?: Target; localAddress?: string; peer?: Peer }>;
type There = Readonly<{ target: Target; localAddress: string }>;

/** An attempt as it goes on. A class: it has a record that grows, and a clock that runs. */
export class Attempt {
  readonly #deps: AttemptDeps;
  readonly #path: Path;
  readonly #errand: Errand;
  readonly #conversation = new Conversation();
  readonly #since: number;
  readonly #allowance: Allowance;
  #sessions = 0;
  /** A host that did not give what is demanded of TLS. */
  #unmet: Outcome | undefined;
  #rendered: Readonly<{ capabilities: Capabilities; letter: Letter }> | undefined;

  constructor(deps: AttemptDeps, path: Path, errand: Errand) {
    this.#deps = deps;
    this.#path = path;
    this.#errand = errand;
    this.#since = deps.clock.ticks();
    const leaving = { transport: path.transport, provider: path.way.provider?.name };
    this.#allowance = new Allowance(deps.warmup, leaving, deps.clock);
  }

  /** Runs it. Rejects only when rendering does (the body store is away), never for remote trouble. */
  async run(): Promise<Outcome> {
    if (this.#errand.signal.aborted) return this.#ended(withdrawn('connect'), {});
    const kept = this.#path.lane.take(
      [identityOf(this.#path, 'address'), identityOf(this.#path, 'address6')],
      ({ facts }) => {
        const rule = this.#ruleFor(facts.host);
        return !('shut' in rule) && serves(facts.protection, rule);
      },
    );
    if (kept) {
      this.#path.lane.throttle.tookKept();
      this.#conversation.note(
        `connection to ${kept.facts.host} (${kept.facts.address}) kept from before, message ${kept.sent + 1}`,
      );
      const outcome = await this.#use(kept, 'kept');
      if (outcome) return outcome;
      this.#conversation.note('the kept connection was dead; trying a new one');
    }
    return this.#connectAndUse();
  }

  /** Address by address, best first, until a session answers or enough was tried. */
  async #connectAndUse(): Promise<Outcome> {
    const { way, lane } = this.#path;
    let last: Outcome | undefined;
    lane.makeRoom(way.limit);
    for (const target of lane.order(way.targets)) {
      if (this.#sessions >= MAX_SESSIONS) break;
      const outcome = await this.#tryTarget(target);
      if (outcome.done) return outcome.outcome;
      last = outcome.outcome ?? last;
    }
    // That a host lacks the TLS that was demanded tells the sender more than that another one is down.
    return this.#unmet ?? last ?? this.#ended(this.#noFamily(), {});
  }

  async #tryTarget(target: Target): Promise<Tried> {
    const localAddress = sourceFor(this.#path.transport, target.address);
    if (localAddress === undefined) return { done: false };
    const there = { target, localAddress };
    const rule = this.#ruleFor(target.host);
    if ('shut' in rule) {
      this.#count(there, { kind: 'shut', ...rule });
      this.#unmet ??= this.#ended({ kind: 'tls', phase: 'tls', detail: rule.shut }, there);
      return { done: false };
    }
    const reached = await reach(
      {
        path: this.#path,
        clock: this.#deps.clock,
        timeouts: this.#deps.config.timeouts,
        conversation: this.#conversation,
        signal: this.#errand.signal,
        ended: (end) => this.#count(there, end),
      },
      { ...there, rule },
    );
    this.#sessions += reached.sessions;
    if ('peer' in reached) {
      const outcome = await this.#use(reached.peer, 'new');
      return outcome ? { done: true, outcome } : { done: false };
    }
    return this.#notOpened(reached.trouble, there, rule);
  }

  #ruleFor(host: string): ReturnType<typeof ruleFor> {
    const { way, demand, published } = this.#path;
    return ruleFor(way, demand, host, published);
  }

  /** RFC 8460 §5.3: what goes whatever a domain demands is not in the report to it. */
  #count({ target, localAddress }: There, end: SessionEnd): void {
    const { demand, published, transport } = this.#path;
    const { count } = this.#deps;
    if (!count || !published || demand === 'optional') return;
    // Receivers know us by the address that they see.
    const { address, publicAddress } = transport;
    const seen = localAddress === address ? (publicAddress ?? localAddress) : localAddress;
    const where = { host: target.host, address: target.address, localAddress: seen };
    for (const result of resultsOf(published, where, end)) count(result);
  }

  #notOpened(trouble: Trouble, there: There, rule: TlsRule): Tried {
    const { lane } = this.#path;
    const { target, localAddress } = there;
    if (rule.because.length > 0 && isForTls(trouble)) {
      // The host serves others well: it is not avoided, and does not count as one that was tried.
      this.#sessions--;
      this.#unmet = this.#ended(unmet(trouble, target.host, rule), there);
      return { done: false };
    }
    if (trouble === CROWDED) return { done: true, outcome: this.#crowded() };
    const outcome = this.#ended(trouble, there);
    if (trouble.kind === 'local') this.#alert(localAddress, trouble);
    else if (trouble.kind !== 'aborted') lane.hosts.avoid(target.address);
    const ours = trouble.kind === 'local' || trouble.kind === 'aborted';
    return ours ? { done: true, outcome } : { done: false, outcome };
  }

  /** Sends over `peer`; undefined when a kept connection turned out dead before MAIL was answered. */
  async #use(peer: Peer, origin: 'kept' | 'new'): Promise<Outcome | undefined> {
    const { clock, config } = this.#deps;
    const cut = (): void => peer.break('aborted', 'The attempt was cut off by the relay itself.');
    const left = config.timeouts.attempt - (clock.ticks() - this.#since);
    peer.hold(left);
    this.#errand.signal.addEventListener('abort', cut, { once: true });
    try {
      const rendered = await this.#letterFor(peer);
      if ('refusal' in rendered) return this.#refused(rendered.refusal, peer);
      const held = await this.#allowance.claim();
      if (held) return held;
      const before = peer.sent;
      const done = await transact(peer, rendered.letter, {
        clock,
        timeouts: config.timeouts,
        conversation: this.#conversation,
        mayProceed: () => this.#errand.mayProceed(),
        requireTls: this.#path.demand === 'verified',
      });
      if (peer.sent === before) await this.#allowance.giveBack();
      return this.#outcomeOf(done, peer, origin);
    } finally {
      this.#errand.signal.removeEventListener('abort', cut);
      this.#path.lane.giveBack(peer, this.#path.way.limit);
    }
  }

  #outcomeOf(done: Transaction, peer: Peer, origin: 'kept' | 'new'): Outcome | undefined {
    if (done.kind === 'taken') {
      const { reply } = done;
      return { kind: 'delivered', via: this.#via({ peer }), reply, conversation: this.#conversation.text() };
    }
    const dead = origin === 'kept' && !done.answered && done.trouble.kind !== 'aborted';
    return dead ? undefined : this.#ended(done.trouble, { peer }, done.ambiguous);
  }

  /** The letter for what the peer can take; one made for an equal peer is used again. */
  async #letterFor(peer: Peer): Promise<Awaited<ReturnType<Render>>> {
    const { eightBitMime, smtputf8, dsn } = peer.facts.offer;
    const known = this.#rendered?.capabilities;
    if (
      this.#rendered &&
      known?.eightBitMime === eightBitMime &&
      known.smtputf8 === smtputf8 &&
      known.dsn === dsn
    )
      return { letter: this.#rendered.letter };
    const capabilities = { eightBitMime, smtputf8, dsn };
    const rendered = await this.#errand.render(capabilities);
    if ('letter' in rendered) this.#rendered = { capabilities, letter: rendered.letter };
    return rendered;
  }

  #refused(cause: Cause, peer: Peer): Outcome {
    const kind = cause.status.startsWith('5') ? 'bounced' : 'deferred';
    return { kind, via: this.#via({ peer }), cause, conversation: this.#conversation.text() };
  }

  #ended(trouble: Trouble, where: Where, ambiguous = false): Outcome {
    const host = where.peer?.facts.host ?? where.target?.host ?? 'The mail host';
    const { cause, permanent } = judge(this.#deps.rules, trouble, host, ambiguous);
    const conversation = this.#conversation.text();
    const via = where.peer || where.target ? { via: this.#via(where) } : {};
    return { kind: permanent ? 'bounced' : 'deferred', ...via, cause, conversation };
  }

  #via({ peer, target, localAddress }: Where): Via {
    const { transport, ehlo, way } = this.#path;
    const spoke = peer?.facts ?? {
      host: target?.host ?? '',
      address: `${target?.address}:${target?.port}`,
      localAddress: localAddress ?? '',
    };
    return {
      transport: transport.name,
      site: way.lane,
      ...(way.provider && { provider: way.provider.name }),
      host: spoke.host,
      address: spoke.address,
      localAddress: spoke.localAddress,
      ehlo,
      ...('tls' in spoke && spoke.tls !== undefined && { tls: spoke.tls }),
      ms: Math.round(this.#deps.clock.ticks() - this.#since),
    };
  }

  #crowded(): Outcome {
    return { kind: 'held', rule: 'provider', until: this.#deps.clock.now() + CROWDED_MS };
  }

  #noFamily(): Trouble {
    const { transport, way } = this.#path;
    const detail = `Transport ${transport.name} has no source address of the family of ${way.targets[0]?.address}; give it one.`;
    return { kind: 'lost', phase: 'connect', detail };
  }

  #alert(localAddress: string, trouble: Trouble): void {
    this.#deps.log.error(
      { transport: this.#path.transport.name, localAddress, detail: trouble.detail },
      'a transport cannot send from its address; its deliveries wait, check the address on this host',
    );
  }
}
