// The batch slice of the configuration: files of events, statistics and recipients that go out, and lists that come in.
import { z } from 'zod';
import { isTimeZone } from '../lib/day.ts';
import { bytesLike, durationLike } from '../lib/values.ts';
import { eventTypes } from '../model/event.ts';

const MINUTE = 60_000;

const exportKinds = ['events', 'bounces', 'statistics', 'recipients', 'suppressions'] as const;
const importKinds = ['recipients', 'suppressions'] as const;

const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and "-", at most 40');

const folderSchema = z
  .string()
  .refine((path) => !path.split(/[/\\]/).includes('..') && !path.startsWith('/'), {
    error: 'is a folder inside the place, such as "in/"',
  });

const placeSchema = z
  .strictObject({
    name: nameSchema.describe('Names the place below.'),
    folder: z.string().min(1).optional().describe('A folder of this host.'),
    bucket: z.string().min(1).optional().describe('Or an S3 bucket.'),
    endpoint: z
      .url({ protocol: /^https?$/, error: 'must be an http or https address' })
      .optional()
      .describe('Of the bucket: the address of the S3 service, without the bucket.'),
    region: z.string().min(1).default('auto').describe('Of the bucket.'),
    accessKey: z.string().min(1).optional().describe('Of the bucket.'),
    secretKey: z.string().min(1).optional().describe('Of the bucket.'),
  })
  .refine(({ folder, bucket }) => (folder === undefined) !== (bucket === undefined), {
    error: 'needs either "folder" or "bucket"',
  })
  .refine(
    ({ bucket, endpoint, accessKey, secretKey }) =>
      bucket === undefined || (endpoint && accessKey && secretKey),
    { error: 'a bucket needs "endpoint", "accessKey" and "secretKey"' },
  );

const exportSchema = z
  .strictObject({
    name: nameSchema.describe('Names the export, and begins the names of its files.'),
    what: z.enum(exportKinds).describe(`What it has: ${exportKinds.join(', ')}.`),
    format: z
      .enum(['csv', 'jsonl'])
      .default('csv')
      .describe('csv, with a head line, or jsonl: one JSON object a line.'),
    every: z
      .enum(['hour', 'day'])
      .default('day')
      .describe('One file an hour or a day, soon after it has ended.'),
    place: nameSchema.describe('Where its files go.'),
    folder: folderSchema.default('').describe('Folder inside the place.'),
    gzip: z.boolean().default(false).describe('Compresses the files.'),
    account: z.string().min(1).default('default').describe('Whose.'),
    user: z.string().min(1).optional().describe('Only what is of this user.'),
    types: z.array(z.enum(eventTypes)).default([]).describe('Of events: only these types; empty: all.'),
  })
  .refine(({ what, user }) => user === undefined || (what !== 'recipients' && what !== 'suppressions'), {
    path: ['user'],
    error: 'is for events, bounces and statistics: these lists are of the whole account',
  });

const importSchema = z.strictObject({
  name: nameSchema.describe('Names the import.'),
  what: z.enum(importKinds).describe(`What its files have: ${importKinds.join(' or ')}.`),
  place: nameSchema.describe('Where its files come.'),
  folder: folderSchema
    .default('in')
    .describe('Folder inside the place; read files go to done/ or failed/ in it.'),
  every: durationLike('"5m"')
    .default(5 * MINUTE)
    .describe('How often it is looked for files: *.csv and *.jsonl.'),
  account: z.string().min(1).default('default').describe('Whose list it is.'),
});

export const batchConfig = z
  .strictObject({
    timeZone: z
      .string()
      .refine(isTimeZone, { error: 'must be a time zone such as "Europe/Rome" or "UTC"' })
      .default('UTC')
      .describe('Where days begin.'),
    maxFileBytes: bytesLike('"100MB"')
      .default(100_000_000)
      .describe('Larger files that come in are not read.'),
    places: z.array(placeSchema).default([]).describe('Folders and S3 buckets.'),
    exports: z.array(exportSchema).default([]).describe('Files that are written.'),
    imports: z.array(importSchema).default([]).describe('Files that are read.'),
  })
  .superRefine(({ places, exports, imports }, context) => {
    const known = new Set(places.map(({ name }) => name));
    for (const [list, jobs] of Object.entries({ exports, imports }))
      jobs.forEach(({ place, name }, i) => {
        if (!known.has(place))
          context.addIssue({
            code: 'custom',
            path: [list, i, 'place'],
            message: `there is no place called ${place}`,
          });
        if ([...exports, ...imports].filter((job) => job.name === name).length > 1)
          context.addIssue({
            code: 'custom',
            path: [list, i, 'name'],
            message: `${name} is the name of two jobs`,
          });
      });
  });

export type BatchConfig = Readonly<z.infer<typeof batchConfig>>;
export type Export = Readonly<z.infer<typeof exportSchema>>;
export type Import = Readonly<z.infer<typeof importSchema>>;
export type PlaceConfig = Readonly<z.infer<typeof placeSchema>>;
