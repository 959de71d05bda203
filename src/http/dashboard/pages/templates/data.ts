// Templates as the API tells them, as far as pages show them.
import { t } from '../../lib/i18n.ts';
import type { FieldSpec } from '../../parts/forms.tsx';
import { pathOf } from '../users/data.ts';

export type Engine = 'tags' | 'liquid';

export type ListedTemplate = Readonly<{
  name: string;
  engine: Engine;
  versions: readonly number[];
  latest: number;
}>;

export type Content = Readonly<{ subject?: string; html?: string; text?: string; engine: Engine }>;

export type Template = Content &
  Readonly<{
    name: string;
    version: number;
    versions: readonly number[];
    at: number;
  }>;

export type Stored = Readonly<{ version: number; came: 'added' | 'known'; mistake?: string }>;

/** A template that was filled in; `preview` names its HTML. */
export type Filled = Readonly<{
  subject: string;
  html?: string;
  text?: string;
  notes: readonly string[];
  preview?: string;
}>;

export const syntaxes = ['brackets', 'handlebars', 'mailchimp', 'mailgun', 'mailjet'] as const;
export type Syntax = (typeof syntaxes)[number];

export const pathOfTemplate = (name: string): string => pathOf('templates', name);
export const addressOf = (name: string): string => `/templates/${encodeURIComponent(name)}`;

export const engineField = (): FieldSpec<'engine'> => ({
  name: 'engine',
  label: t('templates.engine'),
  hint: t('templates.engineHint'),
  options: (['tags', 'liquid'] as const).map((value) => ({ value, text: t(`templates.engine.${value}`) })),
});
