// Our own control fields: X-Postino-Priority, -Pool, -Campaign, -Tag and -Metadata. Pure.
import { z } from 'zod';
import type { Instructions } from '../../model/instructions.ts';
import type { Dialect, ReadField, Wish } from './index.ts';

const MAX_CAMPAIGN = 255;
const MAX_TAG = 255;
const MAX_TAGS = 20;
const MAX_METADATA = 8192;

const metadataSchema = z.record(z.string().min(1).max(255), z.string().max(2048));

const wrong = (field: string, must: string): Wish => ({ ok: false, field, must });

export const native: Dialect = {
  name: 'postino',
  docs: [],
  read: (field) => {
    const priority = single(field, 'x-postino-priority');
    if (priority !== undefined && !/^[1-5]$/.test(priority))
      return wrong('X-Postino-Priority', 'must stand there once and be a number from 1 (urgent) to 5');
    const pool = single(field, 'x-postino-pool');
    if (pool === '') return wrong('X-Postino-Pool', 'must stand there once and name a pool');
    const campaign = single(field, 'x-postino-campaign');
    if (campaign === '' || (campaign ?? '').length > MAX_CAMPAIGN)
      return wrong('X-Postino-Campaign', `must stand there once, with 1 to ${MAX_CAMPAIGN} characters`);
    const tags = [...new Set(field('x-postino-tag').flatMap(splitTags))];
    if (tags.length > MAX_TAGS || tags.some((tag) => tag.length > MAX_TAG))
      return wrong('X-Postino-Tag', `must be at most ${MAX_TAGS} tags of at most ${MAX_TAG} characters`);
    const metadata = readMetadata(field);
    if (metadata === 'wrong')
      return wrong('X-Postino-Metadata', 'must stand there once and be a JSON object with texts as values');
    return {
      ok: true,
      instructions: { ...urgency(priority), ...some({ pool, campaign, metadata }), ...list(tags) },
    };
  },
};

/** The one value of a field; "" when there are several or it is empty, undefined when there is none. */
function single(field: ReadField, name: string): string | undefined {
  const values = field(name);
  return values.length > 1 ? '' : values[0];
}

function splitTags(value: string): readonly string[] {
  return value
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

function readMetadata(field: ReadField): Readonly<Record<string, string>> | undefined | 'wrong' {
  const text = single(field, 'x-postino-metadata');
  if (text === undefined) return undefined;
  if (text === '' || text.length > MAX_METADATA) return 'wrong';
  try {
    return metadataSchema.safeParse(JSON.parse(text)).data ?? 'wrong';
  } catch {
    return 'wrong';
  }
}

function urgency(digit: string | undefined): Instructions {
  const priorities = { '1': 1, '2': 2, '3': 3, '4': 4, '5': 5 } as const;
  const known = Object.entries(priorities).find(([name]) => name === digit);
  return known ? { priority: known[1] } : {};
}

function list(tags: string[]): Instructions {
  return tags.length > 0 ? { tags } : {};
}

function some(parts: {
  pool: string | undefined;
  campaign: string | undefined;
  metadata: Readonly<Record<string, string>> | undefined;
}): Instructions {
  return {
    ...(parts.pool === undefined ? {} : { pool: parts.pool }),
    ...(parts.campaign === undefined ? {} : { campaign: parts.campaign }),
    ...(parts.metadata === undefined ? {} : { metadata: parts.metadata }),
  };
}
