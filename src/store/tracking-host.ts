// The host under which a domain's links are tracked: the record that points it to us, and whether the DNS has it.
import { isIP } from 'node:net';
import type { Domain } from '../model/settings.ts';
import type { RecordFinding, WantedRecord } from './domains.ts';

/** Where a name leads. Both empty when there is nothing; rejects when the DNS does not answer. */
export type ResolveHost = (
  name: string,
) => Promise<Readonly<{ cname: readonly string[]; addresses: readonly string[] }>>;

/** The record to publish; undefined when the domain tracks under no host of its own, or we do not know our own. */
export function trackingRecord(domain: Domain, target: string | undefined): WantedRecord | undefined {
  const { trackingHost: name } = domain;
  if (name === undefined || target === undefined || name === target) return undefined;
  return {
    name,
    type: recordType(target),
    value: isIP(target) === 0 ? `${target}.` : target,
    purpose: 'tracking',
    note: 'links, pictures and unsubscribe pages of your mail lead there',
  };
}

/** Compares it with the DNS: a CNAME to us, or addresses that are ours. */
export async function checkTracking(
  domain: Domain,
  target: string | undefined,
  resolve: ResolveHost,
): Promise<RecordFinding | undefined> {
  const record = trackingRecord(domain, target);
  if (!record || target === undefined) return undefined;
  const answers = await Promise.all([resolve(record.name), addressesOf(target, resolve)]).catch(
    () => undefined,
  );
  if (!answers) return { ...record, state: 'unknown', found: [] };
  const [{ cname, addresses }, ours] = answers;
  const found = cname.length > 0 ? cname : addresses;
  if (found.length === 0) return { ...record, state: 'missing', found };
  const isAlias = cname.some((name) => name.toLowerCase().replace(/\.$/, '') === target);
  const isOurs = addresses.length > 0 && addresses.every((address) => ours.includes(address));
  return { ...record, state: isAlias || isOurs ? 'ok' : 'different', found };
}

function recordType(target: string): WantedRecord['type'] {
  const version = isIP(target);
  if (version === 0) return 'CNAME';
  return version === 4 ? 'A' : 'AAAA';
}

async function addressesOf(target: string, resolve: ResolveHost): Promise<readonly string[]> {
  return isIP(target) === 0 ? (await resolve(target)).addresses : [target];
}
