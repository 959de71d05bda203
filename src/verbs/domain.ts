// Sender domains: added with their keys, changed, removed, and compared with the DNS.
import type { Domain, Settings } from '../model/settings.ts';
import { checkDomain, recordsFor, type RecordFinding, type WantedRecord } from '../store/domains.ts';
import { checkReturnPath, returnPathRecord } from '../store/return-host.ts';
import { checkTracking, trackingRecord } from '../store/tracking-host.ts';
import type { VerbContext } from './context.ts';
import { byName, did, noSuch, type Did } from './did.ts';
import { unknownPool } from './pool.ts';

/** Where hosts of a domain lead to. */
export type Targets = Pick<VerbContext, 'trackingTarget' | 'feedback'>;

/** What the configuration lacks for hosts of a domain to be of use. */
export type Lack = 'tracking.url' | 'feedback.domain';

export type ShownDomain = Readonly<{
  domain: Domain;
  records: readonly WantedRecord[];
  lacks: readonly Lack[];
}>;

/** `isGood`: mail is signed and its hosts lead to us; SPF and DMARC are recommended only. */
export type DomainCheck = Readonly<{
  domain: Domain;
  findings: readonly RecordFinding[];
  lacks: readonly Lack[];
  isGood: boolean;
}>;

type Context = Pick<VerbContext, 'settings'> & Targets;

export type PublicDomain = Readonly<
  Omit<Domain, 'keys'> & { keys: readonly Omit<Domain['keys'][number], 'sealedPrivateKey'>[] }
>;

/** A domain without the private halves of its keys, sealed as they are. */
export function publicDomain({ keys, ...domain }: Domain): PublicDomain {
  return {
    ...domain,
    keys: keys.map(({ selector, algorithm, publicKey }) => ({ selector, algorithm, publicKey })),
  };
}

export async function listDomains({ settings }: Pick<Context, 'settings'>): Promise<readonly Domain[]> {
  return [...(await settings.refresh()).domains.values()].sort(byName);
}

export async function showDomain(context: Context, name: string): Promise<Did<ShownDomain>> {
  const now = await context.settings.refresh();
  const domain = find(now, name);
  return domain ? did(shown(domain, now, context)) : noSuch('domain', name);
}

/** Adds a domain with keys to sign with. */
export async function addDomain(
  context: Context & Pick<VerbContext, 'domains'>,
  name: string,
  account: string,
): Promise<Did<ShownDomain>> {
  const change = await context.domains.add(name, account);
  if (!change.ok) return change;
  return did(shown(change.entry, await context.settings.refresh(), context));
}

/** Replaces a domain by `edit` of it; its records are then those of its hosts alone. */
export async function changeDomain(
  context: Context,
  name: string,
  edit: (old: Domain) => Domain,
): Promise<Did<ShownDomain>> {
  const now = await context.settings.refresh();
  const old = find(now, name);
  const pool = old && edit(old).pool;
  const noPool = pool === undefined || pool === old?.pool ? undefined : unknownPool(now, [pool]);
  if (noPool) return noPool;
  const change = await context.settings.domains.change(old?.name ?? name, edit);
  if (!change.ok) return change;
  const domain = change.entry;
  return did({ domain, records: hostRecords(domain, context), lacks: lacksOf(domain, context) });
}

/** Compares the DNS with what should be there. */
export async function checkDomainNow(
  context: Context & Pick<VerbContext, 'resolveTxt' | 'resolveHost' | 'resolveMx'>,
  name: string,
): Promise<Did<DomainCheck>> {
  const { settings, resolveTxt, resolveHost, resolveMx, trackingTarget, feedback } = context;
  const now = await settings.refresh();
  const domain = find(now, name);
  if (!domain) return noSuch('domain', name);
  const checked = await Promise.all([
    checkDomain(domain, now, resolveTxt),
    checkTracking(domain, trackingTarget, resolveHost),
    checkReturnPath(domain, feedback?.domain, { resolveHost, resolveMx }),
  ]);
  const findings = checked.flat().filter((finding) => finding !== undefined);
  const isNeeded = ({ purpose }: RecordFinding): boolean => purpose !== 'spf' && purpose !== 'dmarc';
  const isBad = findings.some((finding) => isNeeded(finding) && finding.state !== 'ok');
  const lacks = lacksOf(domain, context);
  return did({ domain, findings, lacks, isGood: !isBad && lacks.length === 0 });
}

/** Removes a domain with its keys; resolves to the users who may still send as it, unsigned. */
export async function removeDomain(
  { settings }: Pick<Context, 'settings'>,
  given: string,
): Promise<Did<Readonly<{ name: string; users: readonly string[] }>>> {
  const now = await settings.refresh();
  const name = find(now, given)?.name ?? given;
  const removal = await settings.domains.remove(name);
  if (!removal.ok) return removal;
  const users = [...now.users.values()]
    .filter(({ domains }) => domains.includes(name))
    .map((user) => user.name);
  return did({ name, users });
}

function shown(domain: Domain, settings: Settings, targets: Targets): ShownDomain {
  const records = [...recordsFor(domain, settings), ...hostRecords(domain, targets)];
  return { domain, records, lacks: lacksOf(domain, targets) };
}

function hostRecords(domain: Domain, { trackingTarget, feedback }: Targets): readonly WantedRecord[] {
  const records = [trackingRecord(domain, trackingTarget), returnPathRecord(domain, feedback?.domain)];
  return records.filter((record) => record !== undefined);
}

function lacksOf({ trackingHost, returnPath }: Domain, { trackingTarget, feedback }: Targets): Lack[] {
  const lacks: Lack[] = [];
  if (trackingHost !== undefined && trackingTarget === undefined) lacks.push('tracking.url');
  if (returnPath !== undefined && !feedback) lacks.push('feedback.domain');
  return lacks;
}

function find(settings: Settings, name: string): Domain | undefined {
  return settings.domains.get(name.toLowerCase());
}
