// What a set-up guide is made of: steps in both languages, with the host, port and user of the reader filled in. Pure.
import type { IconName } from '../../parts/icons.tsx';

/** Words of a guide, in both languages; they are loaded with the guides alone. Names of products' fields stay as they are. */
export type Text = Readonly<{ en: string; it: string }>;

/** What is filled in. */
export type Filled = Readonly<{
  host: string;
  port: number;
  tls: 'none' | 'starttls' | 'implicit';
  user: string;
  /** Stands where the password belongs: nobody can read it again. */
  password: string;
  from: string;
  domain: string;
  hasPassword: boolean;
}>;

/** One field of a product's form: what it is called there, and what goes into it. */
export type Field = readonly [name: Text | string, value: Text | string];

export type Step = Readonly<{
  text: Text;
  fields?: readonly Field[];
  /** Lines to copy; a file's name, or where they go. */
  code?: Readonly<{ label: string; text: string }>;
}>;

export type Guide = Readonly<{
  id: string;
  name: Text | string;
  kind: 'shop' | 'office' | 'code';
  icon: IconName;
  steps(at: Filled): readonly Step[];
  /** What goes wrong most of the time, and what then helps. */
  hints?: readonly Text[];
}>;

/** The same word in both languages. */
export const both = (text: string): Text => ({ en: text, it: text });

export const yes: Text = { en: 'Yes', it: 'Sì' };
export const no: Text = { en: 'No', it: 'No' };
export const on: Text = { en: 'On', it: 'Attivo' };
export const off: Text = { en: 'Off', it: 'Disattivo' };

/** The word that a product has for how the connection is encrypted. */
export const pick = ({ tls }: Filled, words: Readonly<Record<Filled['tls'], string>>): string => words[tls];

/** Stands for the password, which nobody can read again. */
export const password: Text = {
  en: 'the password of this user',
  it: 'la password di questo utente',
};
