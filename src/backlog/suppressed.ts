// What the begin script needs of a delivery to look its recipient up in the account's suppressions. Pure.
import type { Delivery } from '../model/delivery.ts';
import type { Submission } from '../model/submission.ts';

/** The list's word for a recipient: its address, or its topic and its address (see src/store). */
export type Suppression = 'address' | 'topic';

/**
 * Fields of the record, flat, beside those of the delivery itself: `topic` that the recipient may have unsubscribed from,
 * `bypass` where the list does not count, `lower` where Lua would not find the lower case of the address.
 */
export function lookUpFields({ instructions }: Submission, { recipient }: Delivery): string[] {
  const { topic, bypassSuppression } = instructions;
  const isPlain = /^[\0-\x7f]*$/.test(recipient.address); // oxlint-disable-line no-control-regex
  return [
    ...(topic === undefined ? [] : ['topic', topic]),
    ...(bypassSuppression === true ? ['bypass', '1'] : []),
    ...(isPlain ? [] : ['lower', recipient.address.toLowerCase()]),
  ];
}

/** Why a delivery was dropped, in a sentence. */
export function whyDropped({ instructions }: Submission, by: Suppression): string {
  return by === 'address'
    ? 'The recipient is on the suppression list of this account.'
    : `The recipient unsubscribed from the topic "${instructions.topic ?? ''}".`;
}
