// What recipient domains publish about TLS for their mail, put together: MTA-STS policies, and TLSA records where DANE is on.
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { DeliveryConfig, DnsConfig } from '../config.ts';
import type { Dns } from '../resolve.ts';
import { makeDane, type Dane } from './dane.ts';
import { makeHttps } from './https.ts';
import type { Published } from './published.ts';
import { makeSts, type Sts } from './sts.ts';
import { noStsStore, type StsStore } from './sts-store.ts';
import { checkValidation, resolversOf, type Validation } from './validating.ts';
import { makeWireAsk } from './wire.ts';

export type Security = Readonly<{
  /** Begins to find out about a domain that mail will go to. */
  prepare(domain: string): void;
  /** What the domain (lower-case A-labels) says for these mail hosts. Never rejects; waits a bounded time. */
  of(domain: string, hosts: readonly string[]): Promise<Published>;
  close(): void;
}>;

export type SecurityDeps = Readonly<{
  config: Readonly<{ delivery: DeliveryConfig; dns: DnsConfig }>;
  dns: Dns;
  clock: Clock;
  log: Log;
  /** Where all processes keep policies; absent: each has its own. */
  stsStore?: StsStore | undefined;
}>;

const VALIDATION_EVERY_MS = 5 * 60_000;
/** How often it is looked at while DANE is off for it. */
const VALIDATION_AGAIN_MS = 30_000;
const NO_DANE: Published['dane'] = new Map();

/** Opens it, and begins to check the resolver where DANE is wanted. */
export function openSecurity(deps: SecurityDeps): Security {
  const { delivery } = deps.config;
  const sts = delivery.mtaSts ? openSts(deps) : undefined;
  const dane = delivery.dane ? openDane(deps) : undefined;
  return {
    prepare: (domain) => sts?.prepare(domain),
    async of(domain, hosts) {
      const [found, records] = await Promise.all([sts?.of(domain), dane?.of(domain, hosts, delivery.mxPort)]);
      const policy = found?.policy;
      return {
        domain,
        ...(policy && policy.mode !== 'none' && { sts: policy }),
        ...(found?.trouble && { stsTrouble: found.trouble }),
        dane: records ?? NO_DANE,
      };
    },
    close: () => {
      sts?.stop();
      dane?.stop();
    },
  };
}

function openSts({ config, dns, clock, stsStore = noStsStore }: SecurityDeps): Sts {
  const { allowPrivateAddresses, httpsPort } = config.delivery;
  const https = makeHttps({ dns, clock, allowPrivateAddresses });
  return makeSts({ dns, https, store: stsStore, clock, port: httpsPort });
}

/** DANE, while the resolver validates: looked at now, and again and again. */
function openDane({ config, clock, log }: SecurityDeps): Dane & Readonly<{ stop(): void }> {
  const { servers, ...limits } = config.dns;
  const wire = { ...limits, servers: resolversOf(servers), clock };
  const dane = makeDane(makeWireAsk(wire), clock);
  let last: Validation | undefined;
  let lookedAt = 0;
  const look = async (): Promise<void> => {
    lookedAt = clock.ticks();
    const now = await checkValidation(wire);
    // Whoever keeps a resolver from answering must not turn DANE off by that; questions fail meanwhile, and mail waits.
    if (last?.ok && !now.isKnown) return;
    if (now.ok !== last?.ok) log[now.ok ? 'info' : 'warn']({ servers: wire.servers }, now.sentence);
    last = now;
  };
  const first = look();
  const stop = clock.every(VALIDATION_AGAIN_MS, () => {
    if (!last?.ok || clock.ticks() - lookedAt >= VALIDATION_EVERY_MS) void look();
  });
  return {
    of: async (domain, hosts, port) => {
      await first;
      return last?.ok ? dane.of(domain, hosts, port) : NO_DANE;
    },
    stop,
  };
}
