// What an error says, for a sentence of ours. Pure.

/** Its message; whatever else was thrown, as a text. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
