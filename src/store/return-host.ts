// Hosts that bounces come to: the record that points a sender domain's host to ours, whether the DNS has it, and our own records.
import type { Domain, Settings } from '../model/settings.ts';
import { spfOf, type RecordFinding, type WantedRecord } from './domains.ts';
import type { ResolveHost } from './tracking-host.ts';

/** Names of the hosts that take a domain's mail; [] when there are none. Rejects when the DNS does not answer. */
export type ResolveMx = (name: string) => Promise<readonly string[]>;

/** A CNAME brings MX and SPF of `target` (feedback.domain) with it; undefined where the domain has no host for return paths. */
export function returnPathRecord(domain: Domain, target: string | undefined): WantedRecord | undefined {
  const { returnPath: name } = domain;
  if (name === undefined || target === undefined || name === target) return undefined;
  return {
    name,
    type: 'CNAME',
    value: `${target}.`,
    purpose: 'return-path',
    note: 'bounces of your mail come there, and SPF passes in your own domain',
  };
}

/** Compares it with the DNS: a CNAME to us, or the same mail hosts, where the operator keeps SPF there himself. */
export async function checkReturnPath(
  domain: Domain,
  target: string | undefined,
  dns: Readonly<{ resolveHost: ResolveHost; resolveMx: ResolveMx }>,
): Promise<RecordFinding | undefined> {
  const record = returnPathRecord(domain, target);
  if (!record || target === undefined) return undefined;
  const answers = await Promise.all([
    dns.resolveHost(record.name),
    dns.resolveMx(record.name),
    dns.resolveMx(target),
  ]).catch(() => undefined);
  if (!answers) return { ...record, state: 'unknown', found: [] };
  const [{ cname }, hosts, ours] = answers;
  const clean = (name: string): string => name.toLowerCase().replace(/\.$/, '');
  const found = cname.length > 0 ? cname : hosts;
  if (found.length === 0) return { ...record, state: 'missing', found };
  const own = new Set(ours.map(clean));
  const isOurs = hosts.length > 0 && hosts.every((host) => own.has(clean(host)));
  return {
    ...record,
    state: cname.some((name) => clean(name) === target) || isOurs ? 'ok' : 'different',
    found,
  };
}

/** What to publish for feedback.domain itself. `hostname` is that of this host. */
export function feedbackRecords(
  target: string,
  hostname: string,
  settings: Settings,
): readonly WantedRecord[] {
  return [
    {
      name: target,
      type: 'MX',
      value: `10 ${hostname}.`,
      purpose: 'return-path',
      note: 'mail to ourselves comes to this host, at its port 25',
    },
    {
      name: target,
      type: 'TXT',
      value: spfOf(settings),
      purpose: 'spf',
      note: 'it is the envelope sender of mail that has no host of its own for bounces',
    },
  ];
}
