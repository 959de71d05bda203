// Stored templates and their versions.
import type { TagSyntax } from '../model/instructions.ts';
import type { Template } from '../model/settings.ts';
import type { Recipients } from '../store/recipients.ts';
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

/** A template and whom it is filled in for. `stored` is what is known of the recipient, `data` what a message would say. */
export type PreviewWish = Readonly<{
  account: string;
  content: Omit<TemplateContent, 'at'>;
  recipient: string;
  name?: string;
  stored: Readonly<Record<string, string>>;
  data: Readonly<Record<string, string>>;
  syntaxes: readonly TagSyntax[];
}>;

/** `notes`: what somebody should know of it, such as tags without a value. */
export type Filled = Readonly<{ subject: string; html?: string; text?: string; notes: readonly string[] }>;

/** A problem is a sentence. */
export type Preview = Readonly<{ ok: true; filled: Filled } | { ok: false; problem: string }>;

/** What to fill in: a version that is stored (the latest where none is named), or what somebody is writing. */
export type RenderWish = Readonly<{
  version?: number | undefined;
  content?: Omit<TemplateContent, 'at'> | undefined;
  recipient?: string | undefined;
  data?: Readonly<Record<string, unknown>> | undefined;
  syntaxes?: readonly TagSyntax[] | undefined;
}>;

const SOMEBODY = 'someone@example.com';

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
  { templates }: Pick<Context, 'templates'>,
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

/** Fills a template in for a recipient, as a message with it would be, and sends nothing. */
export async function renderTemplate(
  verbs: Pick<VerbContext, 'templates' | 'previewTemplate'> &
    Readonly<{ recipients: Pick<Recipients, 'show'> }>,
  { account, name }: Readonly<{ account: string; name: string }>,
  wish: RenderWish,
): Promise<Did<Filled>> {
  const { recipient = SOMEBODY, data = {}, syntaxes = ['brackets'] } = wish;
  const stored = wish.content ? undefined : await showTemplate(verbs, account, name, wish.version);
  if (stored && !stored.ok) return stored;
  const content = wish.content ?? stored?.value.content;
  if (!content || !verbs.previewTemplate) return noSuch('template', name);
  const preview = await verbs.previewTemplate({
    account,
    content,
    recipient,
    ...knownOf(await verbs.recipients.show(account, recipient)),
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, textOf(value)])),
    syntaxes,
  });
  return preview.ok ? did(preview.filled) : refused('wrong', preview.problem);
}

function knownOf(
  known: Readonly<{ name?: string; fields: Readonly<Record<string, string>> }> | undefined,
): Pick<PreviewWish, 'name' | 'stored'> {
  const { name, fields = {} } = known ?? {};
  return { ...(name === undefined ? {} : { name }), stored: fields };
}

/** Values of tags are texts; lists and objects are JSON, which Liquid reads again. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
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
