// All Italian words of the dashboard, one file per part of it. Pure.
import frame from './it/frame.json';
import guides from './it/guides.json';
import messages from './it/messages.json';
import now from './it/now.json';
import sandbox from './it/sandbox.json';
import statistics from './it/statistics.json';
import transports from './it/transports.json';
import users from './it/users.json';

export const it = {
  ...frame,
  ...guides,
  ...messages,
  ...now,
  ...sandbox,
  ...statistics,
  ...transports,
  ...users,
} as const;
