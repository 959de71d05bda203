// Letters made again for people who look at them, from a message that is kept and what its first attempt fixed.
import { readParts } from '../compose/body.ts';
import { makeCompose } from '../compose/compose.ts';
import { makeWorkshop } from '../compose/worker/workshop.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Submission } from '../model/submission.ts';
import type { Kept, LetterVerbs } from '../verbs/message-kept.ts';
import type { Base } from './base.ts';
import { factsOf } from './deliver.ts';
import { openLinker } from './tracking.ts';

/** What most hosts can take. */
const PEER = { eightBitMime: true, smtputf8: true, dsn: true } as const;
/** A look is no attempt: nothing is counted that is slow. */
const NO_WAITS = { note: () => Promise.resolve(), count: () => Promise.resolve(0) };

/** Makes the composer; it begins a thread only for messages that need one. */
export function openLetters(base: Base): LetterVerbs['letterOf'] {
  const { config, clock, domains, templates } = base;
  const linker = openLinker(base);
  const loaded = new WeakMap<Submission, Buffer>();
  const deps = {
    hostname: config.hostname,
    links: (submission: Submission, delivery: Delivery, linkBase: string) =>
      linker(factsOf(submission, delivery), linkBase),
    template: templates.read,
    workshop: makeWorkshop({ clock, size: 1 }),
    waits: NO_WAITS,
    signingKey: domains.signingKey,
    loadBody: (submission: Submission) => Promise.resolve(loaded.get(submission) ?? Buffer.alloc(0)),
  };
  // Each keeps its plans by the id of the message, whatever is asked of it.
  const composers = { 'as sent': makeCompose(deps), plain: makeCompose(deps) };
  return async (kept, id, links) => {
    const known = kept.deliveries[id];
    if (!known) return undefined;
    const submission = links === 'plain' ? untracked(kept.submission) : { ...kept.submission };
    loaded.set(submission, kept.body);
    try {
      const made = await composers[links].render(submission, deliveryOf(submission, id, known))(PEER);
      return 'letter' in made ? await readParts(made.letter.parts) : undefined;
    } catch {
      // A key, a template or Redis is gone: what was accepted is shown instead.
      return undefined;
    }
  };
}

/** Its links lead where they were meant to, and no picture tells of it. */
function untracked(submission: Submission): Submission {
  const { instructions } = submission;
  return { ...submission, instructions: { ...instructions, clicks: 'none', opens: false } };
}

function deliveryOf(
  submission: Submission,
  id: string,
  { recipient, pins }: Kept['deliveries'][string],
): Delivery {
  const { account, user, at } = submission;
  const { address } = recipient;
  const domain = address.slice(address.lastIndexOf('@') + 1);
  const counts = { run: 1, attempts: 1, ambiguous: 0, due: at, expiresAt: at } as const;
  const place = { pool: '', transport: '', priority: 3, state: 'sending' } as const;
  return { v: 1, id, account, submission: submission.id, user, recipient, domain, ...place, ...counts, pins };
}
