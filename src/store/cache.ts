// Bodies that this process has seen lately, so that most deliveries need not ask Redis; bounded in bytes. Pure.
import { makeLru } from '../lib/lru.ts';

export type Cache = Readonly<{
  get(key: string): Buffer | undefined;
  put(key: string, body: Buffer): void;
  drop(key: string): void;
  /** Bytes held now. */
  bytes(): number;
}>;

/** How much larger the memory behind a body may be than the body. */
const PART_FACTOR = 1.5;

/** Keeps the most recently used bodies up to `maxBytes` together; a larger one is not kept at all. */
export function makeCache(maxBytes: number): Cache {
  const bodies = makeLru<Buffer>(maxBytes, (body) => body.length);
  return {
    get: bodies.get,
    put: (key, body) => {
      if (body.length > maxBytes) return bodies.drop(key);
      // A part of a socket's 64 KiB read would keep all of it alive, and the bound would be a lie.
      const isPart = body.buffer.byteLength > PART_FACTOR * body.length;
      bodies.put(key, isPart ? Buffer.from(body) : body);
    },
    drop: bodies.drop,
    bytes: bodies.weight,
  };
}
