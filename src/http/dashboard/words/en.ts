// All English words of the dashboard, one file per part of it; their keys are the keys of every language. Pure.
import access from './en/access.json';
import frame from './en/frame.json';
import guides from './en/guides.json';
import house from './en/house.json';
import messages from './en/messages.json';
import now from './en/now.json';
import recipients from './en/recipients.json';
import sandbox from './en/sandbox.json';
import statistics from './en/statistics.json';
import templates from './en/templates.json';
import transports from './en/transports.json';
import users from './en/users.json';
import webhooks from './en/webhooks.json';

export const en = {
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
