// Bodies that this process has seen lately, so that most deliveries need not ask Redis; bounded in bytes. Pure.

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
  const bodies = new Map<string, Buffer>(); // a Map iterates in the order of insertion: the first is the oldest
  let held = 0;
  const drop = (key: string): void => {
    held -= bodies.get(key)?.length ?? 0;
    bodies.delete(key);
  };
  return {
    get: (key) => {
      const body = bodies.get(key);
      if (body === undefined) return undefined;
      bodies.delete(key);
      bodies.set(key, body);
      return body;
    },
    put: (key, body) => {
      drop(key);
      if (body.length > maxBytes) return;
      // A part of a socket's 64 KiB read would keep all of it alive, and the bound would be a lie.
      const isPart = body.buffer.byteLength > PART_FACTOR * body.length;
      bodies.set(key, isPart ? Buffer.from(body) : body);
      held += body.length;
      for (const oldest of bodies.keys()) {
        if (held <= maxBytes) break;
        drop(oldest);
      }
    },
    drop,
    bytes: () => held,
  };
}
