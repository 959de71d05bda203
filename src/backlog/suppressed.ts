// What the begin script needs of a delivery to look its recipient up in the account's suppressions. Pure.
import { domainOf, type Delivery } from '../model/delivery.ts';
import type { Submission } from '../model/submission.ts';

const SUPPRESSIONS = ['everywhere', 'address', 'topic', 'user', 'domain'] as const;

/**
 * Whose mail a recipient's entry holds back (see src/store): that of the installation, of the account, or there of a topic,
 * a user or a sender domain.
 */
export type Suppression = (typeof SUPPRESSIONS)[number];

/** True for a word of the begin script that says so. */
export function isSuppression(verdict: string): verdict is Suppression {
  return SUPPRESSIONS.some((one) => one === verdict);
}

/**
 * Fields of the record, flat, beside those of the delivery itself: `topic` that the recipient may have unsubscribed from, domain of the `sender` in From,
 * `bypass` where the list does not count, `lower` where Lua would not find the lower case of the address.
 */
export function lookUpFields({ instructions, headerFrom }: Submission, { recipient }: Delivery): string[] {
  const { topic, bypassSuppression } = instructions;
  const isPlain = /^[\0-\x7f]*$/.test(recipient.address); // oxlint-disable-line no-control-regex
  const sender = domainOf(headerFrom);
  return [
    ...(sender === '' ? [] : ['sender', sender]),
    ...(topic === undefined ? [] : ['topic', topic]),
    ...(bypassSuppression === true ? ['bypass', '1'] : []),
    ...(isPlain ? [] : ['lower', recipient.address.toLowerCase()]),
  ];
}

/** Why a delivery was dropped, in a sentence. */
export function whyDropped({ instructions, user, headerFrom }: Submission, by: Suppression): string {
  switch (by) {
    case 'everywhere':
      return 'The recipient is on the suppression list of this installation.';
    case 'address':
      return 'The recipient is on the suppression list of this account.';
    case 'topic':
      return `The recipient unsubscribed from the topic "${instructions.topic ?? ''}".`;
    case 'user':
      return `The recipient is on the suppression list of the user ${user}.`;
    case 'domain':
      return `The recipient is on the suppression list of the sender domain ${domainOf(headerFrom)}.`;
  }
}
