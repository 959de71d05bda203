// All Italian words of the dashboard, one file per part of it. Pure.
import access from './it/access.json';
import frame from './it/frame.json';
import guides from './it/guides.json';
import house from './it/house.json';
import messages from './it/messages.json';
import now from './it/now.json';
import recipients from './it/recipients.json';
import sandbox from './it/sandbox.json';
import statistics from './it/statistics.json';
import templates from './it/templates.json';
import transports from './it/transports.json';
import users from './it/users.json';
import webhooks from './it/webhooks.json';

export const it = {
  ...access,
  ...frame,
  ...guides,
  ...house,
  ...messages,
  ...now,
  ...recipients,
  ...sandbox,
  ...statistics,
  ...templates,
  ...transports,
  ...users,
  ...webhooks,
} as const;
