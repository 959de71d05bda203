// All commands that change settings: users, domains, pools, transports, suppressions.
import type { SettingsCommand } from './context.ts';
import { domainCommands } from './domain.ts';
import { suppressionCommands } from './suppression.ts';
import { poolCommands, transportCommands } from './transport.ts';
import { userCommands } from './user.ts';

export const settingsCommands: readonly SettingsCommand[] = [
  ...userCommands,
  ...domainCommands,
  ...poolCommands,
  ...transportCommands,
  ...suppressionCommands,
];
