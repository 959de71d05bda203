// The endpoint of the configuration in effect: each value and who says so, without secrets.
import { z } from 'zod';
import type { Config } from '../config.ts';
import { effectiveSettings } from '../verbs/settings.ts';
import { endpoint } from './endpoint.ts';

export type SettingsApi = Readonly<{ config: Config }>;

export const settingsEndpoints = [
  endpoint({
    id: 'showSettings',
    method: 'GET',
    path: '/settings',
    scope: 'settings:read',
    summary: 'The configuration in effect: each value, what it is for, and who says so. Secrets are masked.',
    answer: z.object({
      file: z
        .string()
        .optional()
        .describe('The configuration file; absent: there is none, all is by default.'),
      items: z.array(
        z.object({
          path: z.string().describe('Such as "smtp.maxRecipients".'),
          value: z.unknown().describe('Durations are milliseconds, sizes bytes, as `unit` says.'),
          unit: z.enum(['ms', 'bytes']).optional(),
          source: z
            .enum(['default', 'file', 'environment'])
            .describe('environment: a variable, put in by the file at `line` or by itself.'),
          line: z.number().optional().describe('Where the file says it.'),
          masked: z.literal(true).optional().describe('It is a secret.'),
          description: z.string().optional(),
        }),
      ),
    }),
    run: (_, { config }: SettingsApi) =>
      Promise.resolve({ file: config.file, items: effectiveSettings(config) }),
  }),
];
