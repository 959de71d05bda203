// The page's words in the viewer's language: English and Italian, plurals by Intl, one table of words per language.
import { signal } from '@preact/signals';
import type { en } from '../words/en.ts';

export type Words = typeof en;
export type Key = keyof Words;
/** Keys that come in plural forms: "messages.count" for "messages.count.one" and "messages.count.other". */
export type PluralKey = Key extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never;
export type Language = 'en' | 'it';
type Values = Readonly<Record<string, string | number>>;

export const languages: Readonly<Record<Language, string>> = { en: 'English', it: 'Italiano' };
const KEPT = 'postino.language';

export const language = signal<Language>('en');
let words: Readonly<Record<string, string>> = {};

const loaders: Readonly<Record<Language, () => Promise<Readonly<Record<string, string>>>>> = {
  en: () => import('../words/en.ts').then((module) => module.en),
  it: () => import('../words/it.ts').then((module) => module.it),
};

/** The language that was chosen before, else the first of the browser's that we speak. */
export function preferred(): Language {
  const wanted = [localStorage.getItem(KEPT) ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2));
  return wanted.includes('it') && wanted.find((tag) => tag === 'en' || tag === 'it') === 'it' ? 'it' : 'en';
}

/** Loads a language; what is shown changes when it is there. */
export async function speak(next: Language, keep: 'keep' | 'for now' = 'for now'): Promise<void> {
  words = await loaders[next]();
  if (keep === 'keep') localStorage.setItem(KEPT, next);
  document.documentElement.lang = next;
  language.value = next;
}

/** Locale for numbers and dates: the browser's own where it is of the language that is shown ("it-CH"). */
export function locale(): string {
  const now = language.value;
  return navigator.languages.find((tag) => tag.startsWith(now)) ?? now;
}

/** The words of a key; "{name}" stands for a value. */
export function t(key: Key, values: Values = {}): string {
  return fill(key, values);
}

/** The words for `count` things; "{count}" is the number as people write it. */
export function plural(key: PluralKey, count: number, values: Values = {}): string {
  const form = new Intl.PluralRules(locale()).select(count);
  const found = `${key}.${form}` in words ? `${key}.${form}` : `${key}.other`;
  return fill(found, { count: new Intl.NumberFormat(locale()).format(count), ...values });
}

/** The words of a key that is made of parts, such as a status that the server told; `other` where there are none. */
export function word(group: string, name: string, other: string = name): string {
  return known(`${group}.${name}`) ?? other;
}

/** Reading the signal makes every component that says something change with the language. */
function known(key: string): string | undefined {
  return language.value in languages ? words[key] : undefined;
}

function fill(key: string, values: Values): string {
  const text = known(key) ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
