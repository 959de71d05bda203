// A moment in a query: epoch milliseconds, or a time as RFC 3339 writes it. Pure.
import { z } from 'zod';

const EPOCH = /^\d{1,15}$/;
const WRITTEN = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** Text as it is asked for to epoch milliseconds; a day alone is its beginning in UTC. Anything else stays, and is refused as no number. */
function read(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (EPOCH.test(value)) return Number(value);
  return WRITTEN.test(value) ? Date.parse(value) : value;
}

/** Resolves to epoch milliseconds. */
export const moment = z
  .preprocess(read, z.number().int().min(0))
  .describe('Epoch milliseconds, or RFC 3339 ("2026-01-31T10:00:00Z", "2026-01-31").');
