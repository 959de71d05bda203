// Stored templates: subject, HTML and text in versions that never change, so that what was queued with one reads the same later.
import { z } from 'zod';
import { parseJson } from '../lib/json.ts';
import type { Clock } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import { nameSchema, type Template } from '../model/settings.ts';
import { storeKeys } from './keys.ts';
import { makeLru } from '../lib/lru.ts';
import type { SettingsStore } from './settings.ts';

const contentSchema = z.strictObject({
  subject: z.string().optional(),
  html: z.string().optional(),
  text: z.string().optional(),
  /** tags: `[name]` and the like, as in messages; liquid: with loops and conditions, for users who may. */
  engine: z.enum(['tags', 'liquid']),
  /** When it was stored, epoch milliseconds. */
  at: z.number(),
});

export type TemplateContent = Readonly<z.infer<typeof contentSchema>>;

export type Put = Readonly<
  | {
      ok: true;
      version: number;
      /** known: the latest version is the same already. */ came: 'added' | 'known';
    }
  | { ok: false; problem: string }
>;

/** All methods reject with RedisTrouble. */
export type Templates = Readonly<{
  /** Stores a new version. Every problem of it is named. */
  put(account: string, name: string, content: Omit<TemplateContent, 'at'>): Promise<Put>;
  /** Removes it for new messages; what is queued can read its versions for 90 days. False when it was not there. */
  remove(account: string, name: string): Promise<boolean>;
  /** The account's templates in order of their names. */
  list(account: string): Promise<readonly Template[]>;
  /** A version's content; undefined when there is none. Asks Redis once per version and process, as a rule. */
  read(account: string, name: string, version: number): Promise<TemplateContent | undefined>;
}>;

export type TemplatesDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  settings: Pick<SettingsStore, 'latest' | 'refresh'>;
}>;

/** Bytes of a version as it is stored. */
export const MAX_TEMPLATE_BYTES = 1_048_576;
export const MAX_VERSIONS = 50;
const MAX_SUBJECT = 998; // RFC 5322 §2.1.1
const LIFE_AFTER_MS = 90 * 86_400_000;
const CACHE_CHARS = 16_000_000;
/** As other services name theirs. Upper and lower case differ, as they do in most of these. */
const NAME = /^[A-Za-z0-9][\w.-]{0,127}$/;
const putScript = loadScript(new URL('./scripts/put-template-3.lua', import.meta.url));
const removeScript = loadScript(new URL('./scripts/remove-template-2.lua', import.meta.url));

/** Opens the templates' store. */
export function openTemplates(deps: TemplatesDeps): Templates {
  const { redis, clock, settings } = deps;
  const keys = storeKeys(deps.prefix);
  const read = makeRead(redis, keys.templateContents);
  const refresh = (): Promise<unknown> => settings.refresh().catch(() => undefined); // the channel brings it, too
  const latestOf = async (account: string, name: string): Promise<number | undefined> =>
    (await settings.refresh()).templates.get(`${account}/${name}`)?.versions.at(-1);
  return {
    put: async (account, name, content) => {
      const json = JSON.stringify({ ...content, at: clock.now() });
      const problem = problemOf(account, name, content, json);
      if (problem !== undefined) return { ok: false, problem };
      const latest = await latestOf(account, name);
      const same = latest !== undefined && isSame(await read(account, name, latest), content);
      if (same) return { ok: true, version: latest, came: 'known' };
      const full = `${account}/${name}`;
      const reply = await redis.run(
        putScript,
        [keys.templates, keys.templateVersions, keys.revision],
        [keys.changed, full, content.engine, keys.templateContents(full), json, MAX_VERSIONS, LIFE_AFTER_MS],
      );
      await refresh();
      return readPut(reply, name);
    },
    remove: async (account, name) => {
      if (!NAME.test(name)) return false;
      const full = `${account}/${name}`;
      const args = [keys.changed, full, keys.templateContents(full), LIFE_AFTER_MS];
      const removed = await redis.run(removeScript, [keys.templates, keys.revision], args);
      await refresh();
      return removed === 1;
    },
    list: async (account) => {
      const all = [...(await settings.refresh()).templates.values()];
      return all
        .filter(({ name }) => name.startsWith(`${account}/`))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    read,
  };
}

function makeRead(redis: Redis, contents: (name: string) => string): Templates['read'] {
  const cache = makeLru<TemplateContent>(CACHE_CHARS, weightOf);
  const underWay = new Map<string, Promise<TemplateContent | undefined>>();
  const fetch = async (key: string): Promise<TemplateContent | undefined> => {
    const text = await redis.call('GET', key);
    const content = typeof text === 'string' ? parseJson(text, contentSchema) : undefined;
    if (content) cache.put(key, content);
    return content;
  };
  return async (account, name, version) => {
    if (!NAME.test(name) || !nameSchema.safeParse(account).success) return undefined;
    const key = `${contents(`${account}/${name}`)}${version}`;
    const kept = cache.get(key);
    if (kept) return kept;
    // Fifty recipients of one message begin together: they share one answer.
    const loading = underWay.get(key) ?? fetch(key).finally(() => underWay.delete(key));
    underWay.set(key, loading);
    return loading;
  };
}

function weightOf({ subject = '', html = '', text = '' }: TemplateContent, key: string): number {
  return key.length + subject.length + html.length + text.length;
}

function isSame(old: TemplateContent | undefined, next: Omit<TemplateContent, 'at'>): boolean {
  if (!old) return false;
  return (['subject', 'html', 'text', 'engine'] as const).every((key) => old[key] === next[key]);
}

function problemOf(
  account: string,
  name: string,
  { subject = '', html, text }: Omit<TemplateContent, 'at'>,
  json: string,
): string | undefined {
  const problems = [
    NAME.test(name)
      ? ''
      : 'A template\'s name must be letters, digits, ".", "_" or "-", a letter or digit first, at most 128 characters.',
    nameSchema.safeParse(account).success ? '' : 'There can be no account of that name.',
    (html ?? '') === '' && (text ?? '') === '' ? 'A template needs HTML or text.' : '',
    subject.length > MAX_SUBJECT || /[\r\n\0]/.test(subject)
      ? `Its subject must be one line of at most ${MAX_SUBJECT} characters.`
      : '',
    Buffer.byteLength(json) > MAX_TEMPLATE_BYTES ? 'It is larger than 1 MiB.' : '',
  ].filter((problem) => problem !== '');
  return problems.length > 0 ? problems.join(' ') : undefined;
}

function readPut(reply: unknown, name: string): Put {
  const [word, value]: unknown[] = Array.isArray(reply) ? reply : [];
  if (word === 'ok' && typeof value === 'number') return { ok: true, version: value, came: 'added' };
  if (word === 'engine')
    return {
      ok: false,
      problem: `The template ${name} is written in ${String(value)}, and stays so: choose another name, or remove it first.`,
    };
  return { ok: false, problem: `The template ${name} was stored by a newer version, and is left as it is.` };
}
