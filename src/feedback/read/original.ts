// What a report's copy tells of the message that it is about. Pure.
import { valueIn, type Fields } from './fields.ts';

export type Original = Readonly<{
  /** With its angle brackets; "" when it is missing. */
  messageId: string;
  listUnsubscribe: string;
  /** Return-Path or X-Original-Return-Path without brackets: our VERP address, where a copy has it. */
  returnPath: string;
}>;

const NOTHING: Original = { messageId: '', listUnsubscribe: '', returnPath: '' };

/** Reads the header of the returned message. */
export function originalOf(fields: Fields | undefined): Original {
  if (!fields) return NOTHING;
  return {
    messageId:
      /<[^\s<>]{1,400}>/.exec(valueIn(fields, 'message-id'))?.[0] ??
      valueIn(fields, 'message-id').slice(0, 400),
    listUnsubscribe: valueIn(fields, 'list-unsubscribe').slice(0, 4096),
    returnPath: /^<?([^\s<>]{0,400})>?/.exec(valueIn(fields, 'return-path'))?.[1] ?? '',
  };
}
