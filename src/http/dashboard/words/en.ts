// All English words of the dashboard, one file per part of it; their keys are the keys of every language. Pure.
import frame from './en/frame.json';
import guides from './en/guides.json';
import messages from './en/messages.json';
import now from './en/now.json';
import sandbox from './en/sandbox.json';
import statistics from './en/statistics.json';
import transports from './en/transports.json';
import users from './en/users.json';

export const en = {
  ...frame,
  ...guides,
  ...messages,
  ...now,
  ...sandbox,
  ...statistics,
  ...transports,
  ...users,
} as const;
