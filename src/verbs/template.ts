// Stored templates and their versions.
import type { Template } from '../model/settings.ts';
import type { TemplateContent } from '../store/templates.ts';
import type { VerbContext } from './context.ts';
import { did, noSuch, refused, type Did } from './did.ts';

type Context = Pick<VerbContext, 'templates' | 'tryTemplate'>;

/** `mistake`: filled in without values it fails, and its mail would bounce. */
export type Stored = Readonly<{ version: number; came: 'added' | 'known'; mistake?: string }>;

export type ShownTemplate = Readonly<{
  version: number;
  versions: readonly number[];
  content: TemplateContent;
}>;

/** Stores a template, or a new version of it. */
export async function putTemplate(
  { templates, tryTemplate }: Context,
  account: string,
  name: string,
  content: Omit<TemplateContent, 'at'>,
): Promise<Did<Stored>> {
  const stored = await templates.put(account, name, content);
  if (!stored.ok) return refused('wrong', stored.problem);
  const { version, came } = stored;
  const mistake = content.engine === 'liquid' ? await tryTemplate?.(content) : undefined;
  return did({ version, came, ...(mistake === undefined ? {} : { mistake }) });
}

export function listTemplates({ templates }: Context, account: string): Promise<readonly Template[]> {
  return templates.list(account);
}

/** A version as it is stored; the latest where none is named. */
export async function showTemplate(
  { templates }: Context,
  account: string,
  name: string,
  asked: number | undefined,
): Promise<Did<ShownTemplate>> {
  const known = (await templates.list(account)).find((one) => one.name === `${account}/${name}`);
  if (!known) return noSuch('template', name);
  const version = asked ?? known.versions.at(-1) ?? 0;
  const content = known.versions.includes(version) ? await templates.read(account, name, version) : undefined;
  if (!content) return refused('missing', `${name} has the versions ${known.versions.join(', ')}.`);
  return did({ version, versions: known.versions, content });
}

/** Removes it for new messages; what is queued with it is still sent, for 90 days. */
export async function removeTemplate(
  { templates }: Context,
  account: string,
  name: string,
): Promise<Did<undefined>> {
  return (await templates.remove(account, name)) ? did(undefined) : noSuch('template', name);
}

/** The name without its account. */
export function shortName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
