// What a template looks like filled in, for a few minutes: the last preview of each who asks, to be shown in a frame.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../lib/json.ts';
import type { Redis } from '../lib/script.ts';

const previewSchema = z.object({ id: z.string(), html: z.string() });

/** `owner` names who asks. All methods reject with RedisTrouble. */
export type Previews = Readonly<{
  /** Takes the place of the owner's last one, so that nobody fills Redis; resolves with its id. */
  put(owner: string, html: string): Promise<string>;
  /** The HTML; undefined when it is gone, or of somebody else. */
  get(owner: string, id: string): Promise<string | undefined>;
}>;

const KEEP_MS = 15 * 60_000;

export function openPreviews({ redis, prefix }: Readonly<{ redis: Redis; prefix: string }>): Previews {
  const place = (owner: string): string => `${prefix}preview:${hash(owner)}`;
  return {
    put: async (owner, html) => {
      const id = hash(`${owner}\n${html}`);
      await redis.call('SET', place(owner), JSON.stringify({ id, html }), 'PX', KEEP_MS);
      return id;
    },
    get: async (owner, id) => {
      const text = await redis.call('GET', place(owner));
      const kept = typeof text === 'string' ? parseJson(text, previewSchema) : undefined;
      return kept?.id === id ? kept.html : undefined;
    },
  };
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 24);
