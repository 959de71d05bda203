// Fills a template in once before it is stored: a mistake is told then, and not by the first mail that bounces.
import { makeWorkshop } from '../compose/worker/workshop.ts';
import type { Clock } from '../lib/clock.ts';
import type { TemplateContent } from '../store/templates.ts';

/** What is wrong with it, as far as filling it in without values tells; undefined: nothing. */
export async function tryTemplate(
  { subject, html, text }: Omit<TemplateContent, 'at'>,
  clock: Clock,
): Promise<string | undefined> {
  const workshop = makeWorkshop({ clock });
  const made = await workshop.render({ key: 'trial/', now: clock.now(), scope: {}, subject, html, text });
  await workshop.close();
  return made.ok || made.kind !== 'wrong' ? undefined : made.problem;
}
