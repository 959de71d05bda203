// Lists in pages: the query's cursor and limit, and opaque cursors. Pure.
import { z } from 'zod';
import { pageAfter, type KeyedPage } from '../lib/page.ts';
import { invalid, type Problem } from './problem.ts';

const MAX_PAGE = 500;

/** Fields of the query of every list. */
export const pageQuery = {
  cursor: z.string().max(1000).optional().describe('The "next" of the page before; absent: the first page.'),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50).describe('How many a page may hold.'),
};

/** A page: `next` is absent on the last one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().optional() });
}

/** Wraps a position in an opaque cursor. */
export function makeCursor(position: string): string {
  return Buffer.from(position).toString('base64url');
}

/** The position in a cursor of ours. */
export function readCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}

export const badCursor: Problem = invalid('The cursor is not one of this list; begin without it.', [
  { path: 'query.cursor', message: 'must be the "next" of a page of the same list' },
]);

/** A page of a list that is in memory as a whole. It goes on behind the key that the cursor names, whatever came or went. */
export function pageIn<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { cursor, limit }: Readonly<{ cursor?: string | undefined; limit: number }>,
): KeyedPage<T> {
  const page = pageAfter(all, keyOf, {
    limit,
    ...(cursor === undefined ? {} : { after: readCursor(cursor) }),
  });
  return page.next === undefined ? page : { ...page, next: makeCursor(page.next) };
}
