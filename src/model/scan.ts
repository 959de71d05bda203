// What a scanner said of a message, and what an attempt at it may do after that.
import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import type { Submission } from './submission.ts';

/** The verdict on a message, stored with it: no attempt scans it again. */
export const scanSchema = z.strictObject({
  /**
   * clean: nothing to say; marked: fields are added; refused: not to be sent; unscanned: the scanner was in trouble, or the
   * message is too large; released: an operator let it go.
   */
  verdict: z.enum(['clean', 'marked', 'refused', 'unscanned', 'released']),
  /** When, epoch milliseconds. */
  at: z.number(),
  /** A sentence about it, for events and people. */
  reason: z.string().optional(),
  score: z.number().optional(),
  symbols: z.array(z.string()).optional(),
  /** Fields that the letter gets: names and values. */
  add: z.array(z.tuple([z.string(), z.string()])).optional(),
  /** The subject that takes the place of the message's own. */
  subject: z.string().optional(),
});

export type Scan = Readonly<z.infer<typeof scanSchema>>;

/** What an attempt does after the scan. */
export type Examined =
  | Readonly<{ kind: 'pass'; submission: Submission; notes: readonly string[] }>
  | Readonly<{ kind: 'outcome'; submission: Submission; outcome: Outcome }>
  | Readonly<{ kind: 'quarantine'; submission: Submission; reason: string }>;
