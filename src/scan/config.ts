// The scan slice of the configuration: which scanner looks at mail before it is sent, and what follows from what it says.
import { z } from 'zod';
import { bytesLike, durationLike } from '../lib/values.ts';

const duration = durationLike('"10s" or "1m"');
const names = z.array(z.string().min(1)).default([]);

export const scanConfig = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https address' })
      .describe('Where rspamd answers: its normal worker, "http://127.0.0.1:11333".'),
    password: z.string().min(1).optional().describe('For a controller that wants one.'),
    at: z
      .literal('delivery')
      .default('delivery')
      .describe('Before the first attempt; never before the 250, which must not wait for a scanner.'),
    onReject: z
      .enum(['quarantine', 'bounce'])
      .default('quarantine')
      .describe('What "reject" means: kept until an operator decides, or bounced to its sender.'),
    onTrouble: z
      .enum(['accept', 'hold', 'defer'])
      .default('accept')
      .describe(
        'When the scanner does not answer: send unscanned; wait without counting attempts; or defer as if a server had said so.',
      ),
    only: names.describe('Users whose mail is scanned; empty: all.'),
    except: names.describe('Users whose mail is not scanned.'),
    maxSize: bytesLike('"20MB"').default(20_000_000).describe('What is larger is sent unscanned.'),
    timeout: duration.default(10_000).describe('How long a scan may take.'),
    again: duration
      .default(60_000)
      .describe('After which a held or softly rejected message is scanned again.'),
    atOnce: z.number().int().min(1).max(100).default(8).describe('Scans of a process at the same time.'),
  })
  .refine(({ only, except }) => only.length === 0 || except.length === 0, {
    path: ['except'],
    error: 'is of no use beside "only"',
  });

export type ScanConfig = Readonly<z.infer<typeof scanConfig>>;

/** True when this user's mail is scanned. */
export function isScanned({ only, except }: Pick<ScanConfig, 'only' | 'except'>, user: string): boolean {
  return only.length > 0 ? only.includes(user) : !except.includes(user);
}
