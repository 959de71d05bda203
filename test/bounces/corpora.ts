// The labelled bounces beside the project (../shared/corpora): which files there are, and what their labels say.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What a label asks of a reading; undefined: nothing is said about it. */
export type Label = Readonly<{
  kind: 'bounce' | 'complaint' | 'no bounce';
  /** Addresses in lower case, sorted. */
  recipients?: readonly string[];
  count?: number;
  /** Of each recipient, in the report's order. */
  hard?: readonly boolean[];
  /** The report says that delivery goes on. */
  isTemporary?: boolean;
  feedbackType?: string;
}>;

export type Sample = Readonly<{ folder: string; name: string; bytes: Buffer; label: Label | undefined }>;

/** Folders of third-party samples; those that are copies of others with other line ends come last. */
export const FOLDERS = [
  'bounces/sisimai',
  'bounces/flufl',
  'bounces/php-bouncehandler',
  'bounces/kumomta-rfc3464',
  'bounces/sisimai-hard-cases',
  'bounces/not-bounces',
  'arf/sisimai',
  'arf/php-bouncehandler',
  'arf/kumomta-rfc5965',
  'mail/spamassassin',
  'bounces/sisimai-dos',
  'bounces/sisimai-mac',
] as const;

const sisimaiLabels = z.record(
  z.string(),
  z.array(z.looseObject({ reason: z.string(), hardbounce: z.boolean(), feedbacktype: z.string() })),
);
const fluflLabels = z.record(
  z.string(),
  z.looseObject({ recipients: z.array(z.string()), temporary: z.boolean() }),
);

/** The root of the corpora: an argument or variable for others, else beside the project. */
export function corporaRoot(given = process.env['CORPORA']): string {
  return given ?? new URL('../../../shared/corpora/', import.meta.url).pathname;
}

/** All samples of a folder; none when it is missing. */
export function samplesOf(root: string, folder: string): readonly Sample[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  const labels = labelsOf(path, folder);
  return readdirSync(path)
    .filter((name) => /\.(?:eml|txt)$/.test(name))
    .toSorted()
    .map((name) => ({ folder, name, bytes: readFileSync(join(path, name)), label: labels(name) }));
}

function labelsOf(path: string, folder: string): (name: string) => Label | undefined {
  const file = join(path, 'expected.json');
  const json: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  switch (folder) {
    case 'bounces/sisimai':
    case 'arf/sisimai': {
      const labels = sisimaiLabels.parse(json);
      return (name) => labels[name] && sisimaiLabel(labels[name]);
    }
    case 'bounces/flufl': {
      const labels = fluflLabels.parse(json);
      return (name) => labels[name] && fluflLabel(labels[name]);
    }
    case 'bounces/not-bounces':
    case 'mail/spamassassin': // ordinary mail, good and bad
      return () => ({ kind: 'no bounce' });
    case 'bounces/php-bouncehandler':
      return (name) => (/^vac/i.test(name) ? { kind: 'no bounce' } : undefined);
    default:
      return () => (folder.startsWith('arf/') ? { kind: 'complaint' } : undefined);
  }
}

/** sisimai's reasons that are no failure, and the one that is a complaint. */
const NO_FAILURE = new Set(['vacation', 'delivered']);

function sisimaiLabel(labels: z.infer<typeof sisimaiLabels>[string]): Label {
  const complaint = labels.find(({ reason }) => reason === 'feedback');
  if (complaint) return { kind: 'complaint', feedbackType: complaint.feedbacktype };
  const failed = labels.filter(({ reason }) => !NO_FAILURE.has(reason));
  if (failed.length === 0) return { kind: 'no bounce' };
  return { kind: 'bounce', count: failed.length, hard: failed.map(({ hardbounce }) => hardbounce) };
}

function fluflLabel({ recipients, temporary }: z.infer<typeof fluflLabels>[string]): Label {
  const sorted = recipients.map((address) => address.toLowerCase()).toSorted();
  if (sorted.length === 0) return { kind: 'no bounce', recipients: [] };
  return { kind: 'bounce', recipients: sorted, isTemporary: temporary };
}
