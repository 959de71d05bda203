// What a refusal means for the next mail to the same recipient: the class and its permanence in eleven words. Pure.
import type { Verdict } from './classify.ts';
import type { CauseClass } from './outcome.ts';

/**
 * hard: the address takes no mail, and will not · soft: not now, or not this message · block: the sending host or its name ·
 * spam: the message was taken for spam · policy: somebody's rule, about content, sender or authentication · quota: the
 * mailbox or its host is full · dns: the name does not resolve now · network: no connection, no way, or the time ran out ·
 * greylist: the same again later is taken · auto-reply: an answer, no refusal · unknown: nothing tells.
 */
export type Category =
  | 'hard'
  | 'soft'
  | 'block'
  | 'spam'
  | 'policy'
  | 'quota'
  | 'dns'
  | 'network'
  | 'greylist'
  | 'auto-reply'
  | 'unknown';

/** Of each class: what it means when it is permanent, and when it is not. */
export const categories: Readonly<Record<CauseClass, readonly [permanent: Category, temporary: Category]>> = {
  'bad-mailbox': ['hard', 'soft'],
  // The mailbox is there: who owns it may come back, so it is counted and not taken off at once.
  'inactive-mailbox': ['soft', 'soft'],
  'mailbox-full': ['quota', 'quota'],
  'bad-domain': ['hard', 'dns'],
  'no-mail-domain': ['hard', 'dns'],
  routing: ['network', 'network'],
  'message-too-big': ['soft', 'soft'],
  content: ['policy', 'policy'],
  spam: ['spam', 'spam'],
  blocked: ['block', 'block'],
  reputation: ['block', 'block'],
  authentication: ['policy', 'policy'],
  policy: ['policy', 'policy'],
  relaying: ['policy', 'policy'],
  greylisted: ['greylist', 'greylist'],
  'rate-limited': ['soft', 'soft'],
  busy: ['soft', 'soft'],
  connection: ['network', 'network'],
  dns: ['dns', 'dns'],
  tls: ['network', 'network'],
  protocol: ['soft', 'soft'],
  unsupported: ['soft', 'soft'],
  expired: ['network', 'network'],
  suppressed: ['policy', 'policy'],
  local: ['soft', 'soft'],
  other: ['unknown', 'unknown'],
};

/** The category of a verdict. */
export function categoryOf({ class: cause, permanent }: Verdict): Category {
  const [final, passing] = categories[cause];
  return permanent ? final : passing;
}
