// What a place for batch files can do: a folder of this host, or an S3 bucket.

export type StoredFile = Readonly<{
  /** Path inside the place, such as "in/list.csv". */
  path: string;
  bytes: number;
  /** When it was last written, epoch milliseconds. */
  at: number;
}>;

/** Everything rejects with an error that says what went wrong. */
export type Place = Readonly<{
  /** Puts a file of this host there under `path`; it appears whole or not at all, and replaces one of that name. */
  put(path: string, file: string): Promise<void>;
  /** Files directly in a folder, at most 1,000. A folder that is not there is empty. */
  list(folder: string): Promise<readonly StoredFile[]>;
  /** The content as text. Rejects when it is longer than `maxBytes`. */
  read(path: string, maxBytes: number): Promise<string>;
  write(path: string, text: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
}>;
