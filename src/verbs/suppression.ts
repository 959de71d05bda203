// Suppressed addresses: listed, looked up, added, taken back, imported and exported.
import { EVERYWHERE } from '../model/suppression.ts';
import { isScope, type Scope, type Suppression } from '../store/suppressions-csv.ts';
import type { SettingsStore } from '../store/settings.ts';
import type { VerbContext } from './context.ts';
import { did, refused, type Did } from './did.ts';

type Context = Pick<VerbContext, 'suppressions' | 'clock'>;
type AddContext = Context & Readonly<{ settings: Pick<SettingsStore, 'refresh'> }>;

/** An entry, and whether it is of the list of the whole installation. */
export type Found = Readonly<{ entry: Suppression; isEverywhere: boolean }>;

/** `list` is an account's name, or EVERYWHERE. */
export type Where = Readonly<{ list: string; scope: Scope }>;

export async function addSuppression(
  { suppressions, clock, settings }: AddContext,
  { list, scope }: Where,
  { address, reason, forMs }: Readonly<{ address: string; reason: string; forMs?: number | undefined }>,
): Promise<Did<'added' | 'known'>> {
  if (!isScope(scope)) return invalid(address);
  const { user } = scope;
  // It would hold back nobody's mail, and then that of whoever gets the name later.
  const account = user === undefined ? undefined : (await settings.refresh()).users.get(user)?.account;
  if (user !== undefined && (account === undefined || (list !== EVERYWHERE && account !== list)))
    return refused('wrong', `There is no user called ${user}.`);
  const now = clock.now();
  const until = forMs === undefined ? {} : { until: now + forMs };
  const came = await suppressions.put(list, { address, reason, at: now, ...scope, ...until });
  return came === 'invalid' ? invalid(address) : did(came);
}

export async function removeSuppression(
  { suppressions }: Context,
  { list, scope }: Where,
  address: string,
): Promise<Did<'removed'>> {
  const came = await suppressions.remove(list, address, scope);
  if (came === 'invalid') return invalid(address);
  return came === 'removed' ? did(came) : refused('missing', `${address} is not suppressed.`);
}

/** Entries of an address, also those for all: whoever looks an address up wants to know what holds its mail back. */
export async function lookUp(
  { suppressions }: Context,
  { list, scope }: Where,
  address: string,
): Promise<readonly Found[]> {
  const own = (await suppressions.find(list, address)).map((entry) => ({
    entry,
    isEverywhere: list === EVERYWHERE,
  }));
  const others = list === EVERYWHERE ? [] : await suppressions.find(EVERYWHERE, address);
  const all = [...own, ...others.map((entry) => ({ entry, isEverywhere: true }))];
  return all.filter(({ entry }) => isOf(entry, scope)).sort((a, b) => byAddress(a.entry, b.entry));
}

/** The first `count` of a list, in no order. */
export async function firstOf(
  { suppressions }: Context,
  { list, scope }: Where,
  count: number,
): Promise<Readonly<{ entries: readonly Suppression[]; more: boolean }>> {
  const entries: Suppression[] = [];
  for await (const entry of suppressions.list(list)) {
    if (!isOf(entry, scope)) continue;
    if (entries.length === count) return { entries, more: true };
    entries.push(entry);
  }
  return { entries, more: false };
}

/** The whole list in order of addresses. */
export async function exportList(
  { suppressions }: Context,
  { list, scope }: Where,
): Promise<readonly Suppression[]> {
  const entries: Suppression[] = [];
  for await (const entry of suppressions.list(list)) if (isOf(entry, scope)) entries.push(entry);
  return entries.sort(byAddress);
}

/** All of them where no scope was asked for. */
export function isOf({ topic, user, domain }: Scope, asked: Scope): boolean {
  const same = (is: string | undefined, want: string | undefined): boolean =>
    want === undefined || is === want;
  return same(topic, asked.topic) && same(user, asked.user) && same(domain, asked.domain);
}

/** What it is about: "news", "of user shop", "from shop.example"; "(all)" for all mail. */
export function nameScope({ topic, user, domain }: Scope): string {
  if (user !== undefined) return `of user ${user}`;
  return domain === undefined ? (topic ?? '(all)') : `from ${domain}`;
}

function byAddress(a: Suppression, b: Suppression): number {
  const [one, other] = [a, b].map((entry) => `${entry.address}\n${nameScope(entry)}`);
  return (one ?? '') < (other ?? '') ? -1 : 1;
}

function invalid(address: string): Did<never> {
  return refused(
    'wrong',
    `${address} is not an e-mail address, or the topic, user or domain is empty, too long, or one of several.`,
  );
}
