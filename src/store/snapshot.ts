// What Redis holds becomes a Settings snapshot; entries that cannot be read are left out and named. Pure.
import type { z } from 'zod';
import { hashIn, textsIn } from '../lib/answers.ts';
import { readKnown } from '../lib/json.ts';
import {
  domainSchema,
  poolSchema,
  templateSchema,
  transportSchema,
  userSchema,
  type Settings,
} from '../model/settings.ts';

/** A snapshot with the texts it was read from, so that the next one parses only what has changed. */
export type Snapshot = Readonly<{
  settings: Settings;
  texts: ReadonlyMap<unknown, string>;
  /** Entries that were left out, such as "users shop: v: Invalid input". They stay in Redis. */
  unreadable: readonly string[];
}>;

/** Reads the reply of load-7.lua; entries whose text is that of `before` are taken over as they are. */
export function readSnapshot(reply: unknown, before?: Snapshot): Snapshot {
  const [revision, users, domains, pools, transports, templates, suppressing] = Array.isArray(reply)
    ? reply
    : [];
  const texts = new Map<unknown, string>();
  const unreadable: string[] = [];
  const context = { texts, unreadable, before };
  const old = before?.settings;
  return {
    settings: {
      revision: Number(revision ?? 0),
      users: readHash({ noun: 'user', schema: userSchema, flat: users, old: old?.users }, context),
      domains: readHash({ noun: 'domain', schema: domainSchema, flat: domains, old: old?.domains }, context),
      pools: readHash({ noun: 'pool', schema: poolSchema, flat: pools, old: old?.pools }, context),
      transports: readHash(
        { noun: 'transport', schema: transportSchema, flat: transports, old: old?.transports },
        context,
      ),
      templates: readHash(
        { noun: 'template', schema: templateSchema, flat: templates, old: old?.templates },
        context,
      ),
      suppressing: new Set(textsIn(suppressing)),
    },
    texts,
    unreadable,
  };
}

/** Reads one entry's text, or says what is wrong with it. */
export function readEntry<T>(
  schema: z.ZodType<T>,
  text: string,
): Readonly<{ ok: true; entry: T } | { ok: false; problem: string }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'is not JSON' };
  }
  const read = readKnown(value, schema);
  return read.success ? { ok: true, entry: read.data } : { ok: false, problem: sayIssues(read.error) };
}

/** Zod's findings as one line: "limits.messagesPerHour: Too small". */
export function sayIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

type Context = Readonly<{
  texts: Map<unknown, string>;
  unreadable: string[];
  before: Snapshot | undefined;
}>;

type Source<T> = Readonly<{
  noun: string;
  schema: z.ZodType<T>;
  flat: unknown;
  old: ReadonlyMap<string, T> | undefined;
}>;

function readHash<T>(source: Source<T>, context: Context): ReadonlyMap<string, T> {
  const entries = new Map<string, T>();
  for (const [name, text] of hashIn(source.flat)) {
    const known = source.old?.get(name);
    const same = known !== undefined && context.before?.texts.get(known) === text;
    const read = same ? ({ ok: true, entry: known } as const) : readEntry(source.schema, text);
    if (!read.ok) {
      context.unreadable.push(`${source.noun} ${name}: ${read.problem}`);
      continue;
    }
    entries.set(name, read.entry);
    context.texts.set(read.entry, text);
  }
  return entries;
}
