// The words of the public pages, in the languages that there are, and which one a visitor reads.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const plain = z.strictObject({ title: z.string(), text: z.string() });

const textsSchema = z.strictObject({
  ask: z.strictObject({
    title: z.string(),
    all: z.string(),
    some: z.string(),
    legend: z.string(),
    everything: z.string(),
    nothing: z.string(),
    button: z.string(),
  }),
  stopped: z.strictObject({
    title: z.string(),
    all: z.string(),
    some: z.string(),
    soon: z.string(),
    mistake: z.string(),
    button: z.string(),
  }),
  resumed: z.strictObject({ title: z.string(), all: z.string(), some: z.string() }),
  unknown: plain,
  gone: plain,
  later: plain,
  bad: plain,
});

/** `{sender}` and `{address}` stand for who sends and who gets the mail. */
export type Texts = Readonly<z.infer<typeof textsSchema>>;

export const languages = ['en', 'it', 'de', 'fr', 'es'] as const;
export type Language = (typeof languages)[number];

const FALLBACK: Language = 'en';
/** Browsers name a handful of languages. */
const MAX_FIELD = 500;

export const texts: Readonly<Record<Language, Texts>> = {
  en: read('en'),
  it: read('it'),
  de: read('de'),
  fr: read('fr'),
  es: read('es'),
};

/** The first language of ours in Accept-Language by its weights (RFC 9110 §12.5.4), else that of the message, else English. */
export function chooseLanguage(acceptLanguage: string | undefined, ofMessage: string | undefined): Language {
  const ranges = (acceptLanguage ?? '')
    .slice(0, MAX_FIELD)
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim());
      const weight = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? 1);
      return { tag, weight: Number.isFinite(weight) ? weight : 0 };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  const tags = [...ranges.map(({ tag }) => tag), ofMessage ?? ''];
  return tags.map(languageOf).find((one) => one !== undefined) ?? FALLBACK;
}

function languageOf(tag: string): Language | undefined {
  const primary = tag.toLowerCase().split(/[-_]/)[0];
  return languages.find((one) => one === primary);
}

function read(language: Language): Texts {
  const file = new URL(`./texts/${language}.json`, import.meta.url);
  return textsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}
