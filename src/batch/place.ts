// What a place for batch files can do: a folder of this host, or an S3 bucket.

/** A file in a place. */
export type StoredFile = Readonly<{
  /** Path inside the place, such as "in/list.csv". */
  path: string;
  bytes: number;
  /** When it was last written, epoch milliseconds. */
  at: number;
}>;

/** So many files of a folder are listed, at most. */
export const MAX_LISTED = 1000;

/**
 * What is in a file. `version` tells it from another that gets its name later. `unreadable`: it never will be read, such as one
 * that is too long; `later`: it is gone, or somebody writes to it just now.
 */
export type Content = Readonly<
  | { is: 'read'; bytes: Buffer; version: string }
  | { is: 'unreadable'; problem: string; version: string | undefined }
  | { is: 'later' }
>;

/** Why a file is not read that is longer than may be; undefined for others. */
export function lengthProblem(bytes: number, maxBytes: number): string | undefined {
  return bytes > maxBytes
    ? `it has ${bytes} bytes; at most ${maxBytes} are read (batch.maxFileBytes)`
    : undefined;
}

/** Everything rejects with an error that says what went wrong. */
export type Place = Readonly<{
  /** Puts a file of this host there under `path`; it appears whole or not at all, and replaces one of that name. */
  put(path: string, file: string): Promise<void>;
  /** The wanted files directly in a folder, at most MAX_LISTED. A folder that is not there is empty. */
  list(folder: string, wanted: (path: string) => boolean): Promise<readonly StoredFile[]>;
  /** Rejects when the place cannot be reached. */
  read(path: string, maxBytes: number): Promise<Content>;
  write(path: string, text: string): Promise<void>;
  /** Resolves to false, and does nothing, when that file is gone or another than that of `version` lies there by now. */
  move(from: string, to: string, version?: string): Promise<boolean>;
}>;
