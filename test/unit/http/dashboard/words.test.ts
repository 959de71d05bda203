// The dashboard's words: both languages have the same keys with the same values in them, and none is unused or unknown.
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';

const FOLDER = 'src/http/dashboard';
type Words = Readonly<Record<string, string>>;

function wordsOf(language: string): Words {
  const files = globSync(`${FOLDER}/words/${language}/*.json`).sort();
  const entries = files.flatMap((file) => {
    const words: Words = JSON.parse(readFileSync(file, 'utf8'));
    return Object.entries(words);
  });
  expect(new Set(entries.map(([key]) => key)).size, `a key of ${language} stands in two files`).toBe(
    entries.length,
  );
  return Object.fromEntries(entries);
}

const en = wordsOf('en');
const it = wordsOf('it');
const sources = globSync(`${FOLDER}/**/*.{ts,tsx}`).map((file) => readFileSync(file, 'utf8'));
const all = sources.join('\n');

/** Keys that stand in the sources, and beginnings of keys that are made of parts. */
const literal = new Set([...all.matchAll(/['`]([a-z][\w-]*(?:\.[\w-]+)+)['`]/gi)].map(([, key = '']) => key));
const beginnings = [
  ...[...all.matchAll(/`([a-z][\w-]*(?:\.[\w-]+)*\.)\$\{/gi)].map(([, start = '']) => start),
  ...[...all.matchAll(/\bword\(\s*'([\w.]+)'/g)].map(([, group = '']) => `${group}.`),
];
const pluralless = (key: string): string => key.replace(/\.(?:zero|one|two|few|many|other)$/, '');
const placeholders = (text = ''): string[] => [...text.matchAll(/\{\w+\}/g)].map(([one]) => one).sort();

test('the files of a language are the same ones, and each is joined', () => {
  const names = (language: string): string[] =>
    globSync(`${FOLDER}/words/${language}/*.json`)
      .map((file) => basename(file))
      .sort();
  expect(names('it')).toEqual(names('en'));
  for (const language of ['en', 'it']) {
    const joined = readFileSync(`${FOLDER}/words/${language}.ts`, 'utf8');
    for (const name of names(language)) expect(joined).toContain(`./${language}/${name}`);
  }
});

test('both languages have the same keys', () => {
  expect(Object.keys(it).sort()).toEqual(Object.keys(en).sort());
});

describe.each(Object.keys(en).sort())('%s', (key) => {
  test('has words in both languages, with the same values in them', () => {
    expect(en[key]?.trim()).toBeTruthy();
    expect(it[key]?.trim()).toBeTruthy();
    if (!key.endsWith('.one')) expect(placeholders(it[key])).toEqual(placeholders(en[key]));
  });

  test('is used', () => {
    const isUsed =
      literal.has(key) ||
      literal.has(pluralless(key)) ||
      beginnings.some((start) => key.startsWith(start) && key.length > start.length);
    expect(isUsed).toBe(true);
  });
});

test('no two keys of a plural lack "other"', () => {
  for (const key of Object.keys(en).filter((one) => one.endsWith('.one')))
    expect(en[`${pluralless(key)}.other`], key).toBeDefined();
});
