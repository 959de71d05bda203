// Message-IDs as people and databases look for them: without their angle brackets. Pure.

/** Without its angle brackets, where it has any. */
export function bareMessageId(messageId: string): string {
  return messageId.replace(/^<|>$/g, '');
}
