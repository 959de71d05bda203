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

/** Throws for a file that is longer than may be read. */
export function checkLength(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes)
    throw new Error(`it has ${bytes} bytes; at most ${maxBytes} are read (batch.maxFileBytes)`);
}

/** Everything rejects with an error that says what went wrong. */
export type Place = Readonly<{
  /** Puts a file of this host there under `path`; it appears whole or not at all, and replaces one of that name. */
  put(path: string, file: string): Promise<void>;
  /** Files directly in a folder, at most MAX_LISTED. A folder that is not there is empty. */
  list(folder: string): Promise<readonly StoredFile[]>;
  /** The content as text. Rejects when it is longer than `maxBytes`. */
  read(path: string, maxBytes: number): Promise<string>;
  write(path: string, text: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
}>;
