// What the server tells, in the viewer's language as far as we have the words for it, else in its English.
import { signal } from '@preact/signals';
import type { Problem } from './api.ts';
import { language, t } from './i18n.ts';
import { makeTranslate, type Translate } from './sentences.ts';

const asTheyAre: Translate = (sentence) => sentence;

/** The words are fetched beside the page: nobody waits for them, and whoever reads English needs none. */
const translate = signal<Translate>(asTheyAre);

language.subscribe((now) => {
  if (now === 'it') void italian().then((found) => (translate.value = found));
});

async function italian(): Promise<Translate> {
  const [own, notices, others] = await Promise.all([
    import('../words/problems/it.json'),
    import('../words/problems/it-notices.json'),
    import('../words/problems/it-others.json'),
  ]);
  return makeTranslate({ ...own.default, ...notices.default, ...others.default });
}

/** A sentence of the server. */
export function sayServer(sentence: string): string {
  return language.value === 'it' ? translate.value(sentence) : sentence;
}

/** One sentence, or what must be put right, field by field. */
export function sayProblem({ status, detail, errors = [] }: Problem): string {
  if (status === 0) return t('common.unreachable');
  if (errors.length === 0) return sayServer(detail);
  const faults = errors.map(
    ({ path, message }) => `${path.replace(/^(?:body|query)\./, '')} ${sayServer(message)}`,
  );
  return t('common.check', { faults: faults.join('; ') });
}
