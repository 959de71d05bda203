// All commands that change settings: users, domains, our addresses, pools, transports, suppressions, templates.
import type { SettingsCommand } from './context.ts';
import { domainCommands } from './domain.ts';
import { feedbackCommands } from './feedback.ts';
import { poolCommands } from './pool.ts';
import { suppressionCommands } from './suppression.ts';
import { templateCommands } from './template.ts';
import { transportCommands } from './transport.ts';
import { userCommands } from './user.ts';

export const settingsCommands: readonly SettingsCommand[] = [
  ...userCommands,
  ...domainCommands,
  ...feedbackCommands,
  ...poolCommands,
  ...transportCommands,
  ...suppressionCommands,
  ...templateCommands,
];
