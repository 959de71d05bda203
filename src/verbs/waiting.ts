// Why a delivery, or many that are alike, waits: what holds all mail counts before what holds its own. Pure.
import type { ShownLimit } from './limit.ts';
import type { ShownTransport } from './transport.ts';

/** What is known of those who wait. `hold` "": no rule holds them; `ahead`: not due yet, since a try failed or as it was asked for. */
export type Held = Readonly<{
  user: string;
  domain: string;
  transport: string;
  campaign?: string | undefined;
  state: string;
  hold: string;
  ahead: '' | 'retry' | 'later';
}>;

/** `text` is a sentence of whoever did it; `name` the transport, user, domain or campaign that it is about. */
export type Why = Readonly<{
  kind: 'sending' | 'paused' | 'transport' | 'no-transport' | 'limit' | 'hold' | 'retry' | 'later';
  rule?: string;
  state?: string;
  scope?: string;
  name?: string;
  text?: string;
}>;

/** What holds mail back just now. */
export type Around = Readonly<{
  limits: readonly Pick<ShownLimit, 'scope' | 'key' | 'does' | 'why' | 'rule'>[];
  transports: readonly Pick<ShownTransport, 'transport' | 'state' | 'because'>[];
}>;

const CLOSED = new Set(['paused', 'draining', 'quarantined']);

/** undefined: it is only their turn that they wait for. */
export function whyWaits(held: Held, around: Around): Why | undefined {
  const { state, hold, ahead } = held;
  if (state === 'sending') return { kind: 'sending' };
  const limit = around.limits.find((one) => isMeant(one, held));
  if (state === 'paused') return { kind: 'paused', ...(limit && about(limit)) };
  const byTransport = ofTransport(held, around);
  if (byTransport) return byTransport;
  if (limit) return { kind: 'limit', ...about(limit), text: limit.why || limit.does };
  if (hold !== '') return { kind: 'hold', rule: hold };
  return ahead === '' ? undefined : { kind: ahead };
}

function ofTransport({ transport: wanted }: Held, { transports }: Around): Why | undefined {
  if (wanted === '') return { kind: 'no-transport' };
  const found = transports.find(({ transport }) => transport.name === wanted);
  if (!found || !CLOSED.has(found.state)) return undefined;
  const { state, because } = found;
  return { kind: 'transport', name: wanted, state, ...(because && { text: because.reason }) };
}

type Limit = Around['limits'][number];

function isMeant({ scope, key }: Limit, { user, domain, transport, campaign }: Held): boolean {
  switch (scope) {
    case 'transport':
      return key === transport;
    case 'user':
      return key === user;
    case 'domain':
      return key === domain;
    case 'campaign':
      return key === campaign;
    case 'lane':
      return key.startsWith(`${transport}/`) && key.endsWith(domain);
    default:
      return false;
  }
}

const about = ({ scope, key, rule, why }: Limit): Omit<Why, 'kind'> => ({
  scope,
  name: key,
  rule,
  ...(why === '' ? {} : { text: why }),
});
