// What the file system says of a file that is not there, told apart from all other trouble. Pure.

/** True for "no such file or folder". */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** For `catch`: where a file is missing there is nothing; any other trouble stays trouble. */
export function nothingIfMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}
