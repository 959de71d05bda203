// One kind of settings in Redis: entries by name, added, changed and removed so that every process hears of it.
import type { z } from 'zod';
import { loadScript, type Redis } from '../lib/script.ts';
import type { StoreKeys } from './keys.ts';
import { readEntry, sayIssues } from './snapshot.ts';

/**
 * Who asks for a change. command: not what the configuration file declares. switch: pausing and disabling, which
 * operators do to any entry. file: the configuration file itself, at start.
 */
export type Asker = 'command' | 'switch' | 'file';

/** Why a change was refused. wrong: the entry does not fit its schema; moved: somebody else changes it again and again. */
export type Why = 'exists' | 'missing' | 'file' | 'moved' | 'wrong';

/** `problem` is a sentence for people; `hint` says how it is put right at the command line. */
export type Refusal = Readonly<{ ok: false; why: Why; problem: string; hint?: string }>;
export type Change<T> = Readonly<{ ok: true; entry: T }> | Refusal;
export type Removal = Readonly<{ ok: true }> | Refusal;

/** All methods reject with RedisTrouble. */
export type Shelf<T> = Readonly<{
  get(name: string): Promise<T | undefined>;
  /** Adds an entry whose name is free. */
  add(entry: T): Promise<Change<T>>;
  /** Replaces an entry by `edit` of it; repeated when somebody else changes it meanwhile. */
  change(name: string, edit: (entry: T) => T, asker?: Asker): Promise<Change<T>>;
  remove(name: string): Promise<Removal>;
  /** For the configuration file: puts or removes whatever is there. `fingerprint` is kept beside a user's entry. */
  declare(entry: T, fingerprint?: string): Promise<void>;
  withdraw(name: string): Promise<void>;
}>;

export type ShelfOptions<T> = Readonly<{
  noun: 'user' | 'domain' | 'pool' | 'transport';
  schema: z.ZodType<T>;
  /** The entries' hash. */
  hash: string;
  keys: StoreKeys;
  redis: Redis;
  /** Called after each change, before the promise resolves: the caller then reads what it wrote. */
  changed: () => Promise<void>;
}>;

const changeScript = loadScript(new URL('./scripts/change-3.lua', import.meta.url));
const KEEP_FINGERPRINT = '-';
const ATTEMPTS = 5;

type Answer = 'ok' | Exclude<Why, 'wrong'>;

/** The shelf of one kind; see Shelf. */
export function makeShelf<T extends Readonly<{ name: string }>>(options: ShelfOptions<T>): Shelf<T> {
  const { noun, schema } = options;
  const row = openHash(options);
  const refuse = (why: Exclude<Answer, 'ok'>, name: string): Refusal => ({
    ok: false,
    why,
    ...say(why, noun, name),
  });
  return {
    get: async (name) => {
      const text = await row.read(name);
      const entry = text === undefined ? undefined : readEntry(schema, text);
      return entry?.ok ? entry.entry : undefined;
    },
    add: async (entry) => {
      const checked = schema.safeParse(entry);
      if (!checked.success) return wrong(`${sayIssues(checked.error)}.`);
      const text = JSON.stringify(checked.data);
      const answer = await row.write({ operation: 'add', name: entry.name, text });
      return answer === 'ok' ? { ok: true, entry: checked.data } : refuse(answer, entry.name);
    },
    change: async (name, edit, asker = 'command') => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const text = await row.read(name);
        if (text === undefined) return refuse('missing', name);
        const edited = editText(schema, text, edit);
        if (!edited.ok) return edited;
        const next = JSON.stringify(edited.entry);
        const answer = await row.write({ operation: 'replace', name, text: next, expected: text, asker });
        if (answer === 'ok') return edited;
        if (answer !== 'moved') return refuse(answer, name);
      }
      return refuse('moved', name);
    },
    remove: async (name) => {
      const answer = await row.write({ operation: 'remove', name, text: '', fingerprint: '' });
      return answer === 'ok' ? { ok: true } : refuse(answer, name);
    },
    declare: async (entry, fingerprint = KEEP_FINGERPRINT) => {
      const text = JSON.stringify(schema.parse(entry));
      if ((await row.read(entry.name)) === text && fingerprint === KEEP_FINGERPRINT) return;
      await row.write({ operation: 'add', name: entry.name, text, asker: 'file', fingerprint });
    },
    withdraw: async (name) => {
      await row.write({ operation: 'remove', name, text: '', asker: 'file', fingerprint: '' });
    },
  };
}

type Write = Readonly<{
  operation: 'add' | 'replace' | 'remove';
  name: string;
  text: string;
  /** The text that must still be there; absent: any. */
  expected?: string;
  asker?: Asker;
  fingerprint?: string;
}>;

type Hash = Readonly<{
  read(name: string): Promise<string | undefined>;
  write(what: Write): Promise<Answer>;
}>;

function openHash<T>(options: ShelfOptions<T>): Hash {
  const { hash, keys, redis } = options;
  return {
    read: async (name) => {
      const text = await redis.call('HGET', hash, name);
      return typeof text === 'string' ? text : undefined;
    },
    write: async (what) => {
      const {
        operation,
        name,
        text,
        expected = '',
        asker = 'command',
        fingerprint = KEEP_FINGERPRINT,
      } = what;
      const answer = readAnswer(
        await redis.run(
          changeScript,
          [hash, keys.revision, keys.declared],
          [keys.changed, operation, name, text, expected, asker, fingerprint],
        ),
      );
      if (answer === 'ok') await options.changed();
      return answer;
    },
  };
}

function editText<T>(schema: z.ZodType<T>, text: string, edit: (entry: T) => T): Change<T> {
  const read = readEntry(schema, text);
  if (!read.ok) return wrong(`The stored entry cannot be read: ${read.problem}.`);
  const checked = schema.safeParse(edit(read.entry));
  if (!checked.success) return wrong(`${sayIssues(checked.error)}.`);
  return { ok: true, entry: checked.data };
}

function wrong(problem: string): Refusal {
  return { ok: false, why: 'wrong', problem };
}

function readAnswer(reply: unknown): Answer {
  const word: unknown = Array.isArray(reply) ? reply[0] : undefined;
  const answers = ['ok', 'exists', 'missing', 'file', 'moved'] as const;
  return answers.find((answer) => answer === word) ?? 'moved';
}

function say(why: Exclude<Answer, 'ok'>, noun: string, name: string): Pick<Refusal, 'problem' | 'hint'> {
  switch (why) {
    case 'exists':
      return {
        problem: `There is already a ${noun} called ${name}.`,
        hint: `change it with "postino ${noun} set" or choose another name.`,
      };
    case 'missing':
      return {
        problem: `There is no ${noun} called ${name}.`,
        hint: `"postino ${noun} list" shows them all.`,
      };
    case 'file':
      return {
        problem: `The ${noun} ${name} is declared in the configuration file; change it there and start again.`,
      };
    case 'moved':
      return { problem: `The ${noun} ${name} is being changed by somebody else; try again.` };
  }
}
