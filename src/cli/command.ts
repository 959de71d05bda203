// What a command of the command line is: an entry of a table, which main.ts hands to commander.
import { sayRefusal, type Refusal } from '../verbs/did.ts';

/** An option as commander writes it: "--pool <name>", "--json"; `many` may be repeated and is a list. */
export type Option = Readonly<{ flags: string; summary: string; many?: true }>;

/** Options by their camel-case names, as commander gives them. */
export type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What a command has to say: to people, to programs (--json), and as exit code: 0, 1 failed, 2 wrong usage. */
export type Result = Readonly<{ text: string; data: unknown; code: 0 | 1 | 2 }>;

export type Command<Context> = Readonly<{
  /** Such as "user add <name>": words, then arguments; "[name]" may be left out, "[name...]" takes all that are left. */
  words: string;
  summary: string;
  options?: readonly Option[];
  run(context: Context, args: Readonly<Record<string, string>>, options: Values): Promise<Result>;
}>;

/** A good end. */
export function done(text: string, data: unknown): Result {
  return { text, data, code: 0 };
}

/** A bad end in one sentence that says what to do. */
export function failed(problem: string): Result {
  return { text: problem, data: { problem }, code: 1 };
}

/** Options that contradict each other or cannot be read. */
export function misused(problem: string): Result {
  return { text: problem, data: { problem }, code: 2 };
}

/** What a verb refused, and how it is put right: a value that is wrong is wrong usage, as a wrong option is. */
export function declined(refusal: Refusal): Result {
  const say = refusal.why === 'wrong' ? misused : failed;
  return say(sayRefusal(refusal));
}

/** True when none of these options was given: then there is nothing to change. */
export function isNothingGiven(options: Values, known: readonly Option[]): boolean {
  const names = known.map(({ flags }) =>
    (/^--(?:no-)?([\w-]+)/.exec(flags)?.[1] ?? '').replace(/-(\w)/g, (_, letter: string) =>
      letter.toUpperCase(),
    ),
  );
  return names.every((name) => options[name] === undefined);
}

/** What a command to change something answers when nobody said what. */
export function nothingToChange(command: string): Result {
  return misused(`Say what to change; "postino ${command} --help" lists the options.`);
}

/** Rows as columns under a head; `none` stands where there are no rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return none;
  const all = [head.map((word) => word.toUpperCase()), ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Names and values below each other; undefined, empty lists and empty texts are left out. */
export function sheet(fields: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(fields)
    .map(([name, value]) => [name, sayValue(value)] as const)
    .filter(([, text]) => text !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n');
}

function sayValue(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(String).join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object') return JSON.stringify(value);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** The text of an option; undefined when it was not given. */
export function textOf(options: Values, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The account that an option names; commands are about the default one otherwise. */
export function accountOf(options: Values): string {
  return textOf(options, 'account') ?? 'default';
}

/** The values of an option that may be repeated; commas separate, too. Undefined when it was not given. */
export function listOf(options: Values, name: string): string[] | undefined {
  const value = options[name];
  const texts = typeof value === 'string' ? [value] : Array.isArray(value) ? value.map(String) : undefined;
  return texts
    ?.flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
}
