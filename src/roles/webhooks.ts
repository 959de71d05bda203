// Wiring of the webhooks: what they are fed from, where they may go, and what commands and the API need of them.
import { BlockList, isIP } from 'node:net';
import type { Config } from '../config.ts';
import { isSpecial } from '../deliver/networks.ts';
import { compareCursors } from '../events/cursor.ts';
import { cursorText, parseCursor, type EventLog } from '../events/log.ts';
import { lookupAll, type CallRules, type LookupAll } from '../lib/call-out.ts';
import { openResolver } from '../lib/resolver.ts';
import type { WebhookVerbs } from '../verbs/webhook.ts';
import { portsOf } from '../webhooks/config.ts';
import { startFeeds, type Feeds } from '../webhooks/feeds.ts';
import { openWebhooks, type WebhookStore } from '../webhooks/store.ts';
import { lagOf } from '../webhooks/state.ts';
import type { Base } from './base.ts';
import { makeTell } from './notices.ts';

const DAY_MS = 86_400_000;

/** Begins to feed webhooks from the event log where `elected` says that this process does. */
export function startWebhooks(
  base: Base,
  { events, elected }: Readonly<{ events: EventLog; elected: () => boolean }>,
): Feeds {
  const { config, clock, sealer } = base;
  return startFeeds({
    store: storeOf(base),
    events: {
      follow: (after, signal) => events.follow(after, signal),
      compare: compareCursors,
      text: cursorText,
      parse: parseCursor,
    },
    seals: sealer,
    rules: rulesOf(config),
    clock,
    log: base.log.child({ role: 'webhooks' }),
    tryForMs: config.webhooks.tryFor,
    keptMs: config.events.keepDays * DAY_MS,
    tell: makeTell(base),
    elected,
  });
}

/** What commands and endpoints about webhooks work with. */
export function webhookVerbs(base: Base): Pick<WebhookVerbs, 'webhooks'> {
  return { webhooks: { store: storeOf(base), seals: base.sealer, rules: rulesOf(base.config) } };
}

/** How long the oldest event of each webhook waits, seconds, and whether it is parked; for /metrics. */
export async function webhookFigures(
  base: Base,
): Promise<readonly Readonly<{ webhook: string; account: string; lag: number; parked: boolean }>[]> {
  const store = storeOf(base);
  const hooks = await store.list();
  return Promise.all(
    hooks.map(async ({ id, name, account }) => {
      const state = await store.state(id);
      const lag = lagOf(state, base.clock.now()) / 1000;
      return { webhook: name, account, lag, parked: state.parked !== undefined };
    }),
  );
}

function storeOf({ asking: redis, prefix }: Base): WebhookStore {
  return openWebhooks({ redis, prefix });
}

/** Where webhooks may go, as the configuration says. */
export function rulesOf({ webhooks, dns }: Pick<Config, 'webhooks' | 'dns'>): CallRules {
  const allowed = new BlockList();
  for (const network of webhooks.networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    allowed.addSubnet(address, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  const isAllowed = (address: string): boolean =>
    isIP(address) !== 0 && allowed.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return {
    plain: webhooks.http,
    ports: portsOf(webhooks),
    isForbidden: (address) => isSpecial(address) && !isAllowed(address),
    advice: 'webhooks.networks in the configuration lists those that are meant',
    lookup: lookupBy(dns, webhooks.networks.length === 0 ? 'public' : 'private, too'),
  };
}

/**
 * Names of the Internet are asked of the DNS alone: the system's look-up would know the names of this host's network, and a
 * name server that never answers would hold one of its few threads, for which all others wait. Where private networks are
 * meant, so are names that only this host knows: those that the DNS says it does not have.
 */
function lookupBy(dns: Config['dns'], names: 'public' | 'private, too'): LookupAll {
  const resolver = openResolver(dns);
  return (hostname, found) => {
    if (names !== 'public' && /^(?:.*\.)?localhost\.?$/i.test(hostname)) return lookupAll(hostname, found);
    const ask = async (): Promise<void> => {
      const [four, six] = await Promise.allSettled([
        resolver.resolve4(hostname),
        resolver.resolve6(hostname),
      ]);
      const addresses = [
        ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
        ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
      ];
      if (addresses.length > 0) return found(null, addresses);
      const why: unknown = four.status === 'rejected' ? four.reason : undefined;
      if (names !== 'public' && !isSilent(why)) return lookupAll(hostname, found);
      found(why instanceof Error ? why : new Error(`${hostname} has no address`), []);
    };
    ask().catch((error: unknown) => found(error instanceof Error ? error : new Error(String(error)), []));
  };
}

/** Nobody answered, or could not: the system's look-up would wait as long. */
function isSilent(why: unknown): boolean {
  return why instanceof Error && 'code' in why && (why.code === 'ETIMEOUT' || why.code === 'ESERVFAIL');
}
