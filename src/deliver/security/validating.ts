// Does the resolver validate? DANE stands on that, so it is asked for the one name that everybody can check: the root's.
import { Resolver } from 'node:dns/promises';
import { isSpecial } from '../networks.ts';
import { makeWireAsk, placeOf, type WireDeps } from './wire.ts';

/** `ok` where all resolvers validate, `isKnown` where all answered; `sentence` says what is so, and what to do. */
export type Validation = Readonly<{ ok: boolean; isKnown: boolean; sentence: string }>;

/** The resolvers that are asked: those configured, else the system's. */
export function resolversOf(servers: readonly string[]): readonly string[] {
  return servers.length > 0 ? servers : new Resolver().getServers();
}

/** Asks each resolver for the root's name servers: the root is signed, so that one that validates says so. */
export async function checkValidation(deps: WireDeps): Promise<Validation> {
  const servers = resolversOf(deps.servers);
  const answers = await Promise.all(
    servers.map(async (server) => ({
      server,
      answer: await makeWireAsk({ ...deps, servers: [server] })('', 'NS'),
    })),
  );
  for (const { server, answer } of answers) {
    if (answer.kind === 'failed')
      return bad(`The resolver ${server} could not be asked whether it validates (${answer.why})`, false);
    if (!answer.secure)
      return bad(`The resolver ${server} does not validate (no AD bit for the signed root)`);
  }
  if (servers.length === 0) return bad('No resolver is known');
  const far = servers.find((server) => !isSpecial(placeOf(server).host));
  const warning =
    far === undefined
      ? ''
      : ` What ${far} says comes over a network that others may change it in; use one on this host.`;
  return {
    ok: true,
    isKnown: true,
    sentence: `DANE is used: ${servers.join(', ')} validate${servers.length === 1 ? 's' : ''} DNSSEC.${warning}`,
  };
}

const bad = (what: string, isKnown = true): Validation => ({
  ok: false,
  isKnown,
  sentence: `${what}, so DANE is off in spite of delivery.dane; let a validating resolver, such as Unbound on this host, stand in dns.servers.`,
});
