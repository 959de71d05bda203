// postino webhook …: who hears of events over HTTP, how each is doing, and what was sent last.
import { parseDuration, sayDuration } from '../lib/duration.ts';
import { eventTypes } from '../model/event.ts';
import type { Did } from '../verbs/did.ts';
import {
  addWebhook,
  changeWebhook,
  findWebhook,
  listWebhooks,
  pauseWebhook,
  removeWebhook,
  replayWebhook,
  resumeWebhook,
  rotateWebhook,
  testWebhook,
  webhookLog,
  type WebhookVerbs,
} from '../verbs/webhook.ts';
import { changeSchema, wishSchema } from '../webhooks/webhook.ts';
import {
  accountOf,
  declined,
  done,
  misused,
  nothingToChange,
  textOf,
  type Command,
  type Option,
  type Result,
  type Values,
} from './command.ts';
import { sayOptionIssues } from './option-values.ts';
import { givenOf, webhookOptions } from './webhook-options.ts';
import { sayAnswer, sayEntries, sayEntry, sayList, saySecret, sayWebhook } from './webhook-say.ts';

const account: Option = { flags: '--account <name>', summary: 'its account (default: default)' };

export const webhookCommands: readonly Command<WebhookVerbs>[] = [
  {
    words: 'webhook add <url>',
    summary: 'Send events to an address, signed.',
    options: [
      ...webhookOptions,
      {
        flags: '--shape <shape>',
        summary: 'standard, sendgrid, mailgun, mandrill or smtpplus (default: standard)',
      },
      {
        flags: '--secret <secret>',
        summary: 'one that the receiver has already; default: a new one is made',
      },
      account,
    ],
    run: (context, { url = '' }, options) => add(context, url, options),
  },
  {
    words: 'webhook list',
    summary: 'All webhooks and how they are doing.',
    options: [account],
    run: async (context, _, options) => {
      const all = await listWebhooks(context, ownerOf(options));
      return done(sayList(all, context.clock.now()), { webhooks: all });
    },
  },
  {
    words: 'webhook show <webhook>',
    summary: 'One webhook: what it gets, how far it is, what the matter is.',
    options: [account],
    run: async (context, { webhook = '' }, options) =>
      told(await findWebhook(context, ownerOf(options), webhook), (value) =>
        sayWebhook(value, context.clock.now()),
      ),
  },
  {
    words: 'webhook set <webhook>',
    summary: 'Change a webhook, such as its address.',
    options: [{ flags: '--url <url>', summary: 'where to send' }, ...webhookOptions, account],
    run: (context, { webhook = '' }, options) => set(context, webhook, options),
  },
  {
    words: 'webhook test <webhook>',
    summary: 'Send an event that did not happen, and say what was answered.',
    options: [{ flags: '--type <type>', summary: 'of which type (default: delivered)' }, account],
    run: (context, { webhook = '' }, options) => test(context, webhook, options),
  },
  {
    words: 'webhook pause <webhook>',
    summary: 'Stop it; its events wait.',
    options: [account],
    run: async (context, { webhook = '' }, options) =>
      told(
        await pauseWebhook(context, ownerOf(options), webhook),
        ({ name }) => `Paused: ${name}; its events wait.`,
      ),
  },
  {
    words: 'webhook resume <webhook>',
    summary: 'Let a paused or parked webhook go on where it stopped.',
    options: [account],
    run: async (context, { webhook = '' }, options) =>
      told(
        await resumeWebhook(context, ownerOf(options), webhook),
        ({ name, cursor }) => `Resumed: ${name} goes on after ${cursor}.`,
      ),
  },
  {
    words: 'webhook replay <webhook>',
    summary: 'Send events again, from a time or a cursor on.',
    options: [
      { flags: '--since <time>', summary: 'such as "2h" ago, or a date such as 2026-01-31T09:00Z' },
      { flags: '--cursor <cursor>', summary: 'what comes after this one' },
      account,
    ],
    run: (context, { webhook = '' }, options) => replay(context, webhook, options),
  },
  {
    words: 'webhook rotate <webhook>',
    summary: 'Give it a new secret; the old one is in use beside it for a while.',
    options: [
      { flags: '--keep <time>', summary: 'for how long (default: 24h; 0s: not at all)' },
      { flags: '--secret <secret>', summary: 'the new one; default: one is made' },
      account,
    ],
    run: (context, { webhook = '' }, options) => rotate(context, webhook, options),
  },
  {
    words: 'webhook log <webhook>',
    summary: 'The last requests and what was answered, newest first.',
    options: [
      { flags: '--limit <n>', summary: 'at most so many (default: 20)' },
      { flags: '--full', summary: 'with headers and bodies' },
      account,
    ],
    run: (context, { webhook = '' }, options) => log(context, webhook, options),
  },
  {
    words: 'webhook remove <webhook>',
    summary: 'Remove it, with its place and its log.',
    options: [account],
    run: async (context, { webhook = '' }, options) =>
      told(await removeWebhook(context, ownerOf(options), webhook), ({ name }) => `Removed: ${name}.`),
  },
];

function ownerOf(options: Values): Readonly<{ account: string }> {
  return { account: accountOf(options) };
}

function told<T>(result: Did<T>, say: (value: T) => string): Result {
  return result.ok ? done(say(result.value), result.value) : declined(result);
}

async function add(context: WebhookVerbs, url: string, options: Values): Promise<Result> {
  const wish = wishSchema.safeParse({
    name: nameFor(url),
    ...givenOf(options),
    url,
    shape: textOf(options, 'shape'),
  });
  if (!wish.success) return misused(sayOptionIssues(wish.error));
  const made = await addWebhook(context, ownerOf(options), {
    ...wish.data,
    secret: textOf(options, 'secret'),
  });
  return told(made, (value) =>
    saySecret(value, `Added: ${value.webhook.name} gets what happens from now on.`),
  );
}

/** The host of the address, as a name may be written. */
function nameFor(url: string): string {
  return (
    (URL.parse(url)?.hostname ?? 'webhook')
      .replace(/[^a-z0-9.-]/g, '-')
      .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
      .slice(0, 60) || 'webhook'
  );
}

async function set(context: WebhookVerbs, ref: string, options: Values): Promise<Result> {
  const url = textOf(options, 'url');
  const given = {
    ...givenOf(options),
    ...(url === undefined ? {} : { url }),
    ...(textOf(options, 'user') === '' ? { user: null } : {}),
  };
  if (Object.keys(given).length === 0) return nothingToChange('webhook set');
  const read = changeSchema.safeParse(given);
  if (!read.success) return misused(sayOptionIssues(read.error));
  return told(
    await changeWebhook(context, ownerOf(options), { ref, change: read.data }),
    ({ name }) => `Changed: ${name}.`,
  );
}

async function test(context: WebhookVerbs, ref: string, options: Values): Promise<Result> {
  const asked = textOf(options, 'type') ?? 'delivered';
  const type = eventTypes.find((one) => one === asked);
  if (type === undefined) return misused(`There is no type ${asked}; there are ${eventTypes.join(', ')}.`);
  const sent = await testWebhook(context, ownerOf(options), { ref, type });
  if (!sent.ok) return declined(sent);
  const text = `${sent.value.taken ? 'Taken' : 'Not taken'}: ${sayAnswer(sent.value)} (${sent.value.ms} ms).`;
  return { text, data: sent.value, code: sent.value.taken ? 0 : 1 };
}

async function replay(context: WebhookVerbs, ref: string, options: Values): Promise<Result> {
  const text = textOf(options, 'since');
  const since = text === undefined ? undefined : pastOf(text, context.clock.now());
  if (text !== undefined && since === undefined)
    return misused(`--since ${text}: give a time such as "2h", or a date such as 2026-01-31T09:00Z.`);
  const result = await replayWebhook(context, ownerOf(options), {
    ref,
    since,
    cursor: textOf(options, 'cursor'),
  });
  return told(result, ({ name, cursor }) => `${name} sends again what came after ${cursor}.`);
}

function pastOf(text: string, now: number): number | undefined {
  const ago = parseDuration(text);
  const at = ago === undefined ? Date.parse(text) : now - ago;
  return Number.isNaN(at) ? undefined : at;
}

const DAY = 86_400_000;

async function rotate(context: WebhookVerbs, ref: string, options: Values): Promise<Result> {
  const keep = textOf(options, 'keep') ?? '24h';
  const keepMs = parseDuration(keep);
  if (keepMs === undefined || keepMs > 30 * DAY)
    return misused(`--keep ${keep}: give a time such as "24h", at most 30 days.`);
  const result = await rotateWebhook(context, ownerOf(options), {
    ref,
    keepMs,
    secret: textOf(options, 'secret'),
  });
  const old =
    keepMs === 0
      ? 'The old secret is not used any more.'
      : `The old secret is in use beside it for ${sayDuration(keepMs)}.`;
  return told(result, (value) => saySecret(value, `${value.webhook.name} has a new secret. ${old}`));
}

async function log(context: WebhookVerbs, ref: string, options: Values): Promise<Result> {
  const limit = Number(textOf(options, 'limit') ?? 20);
  if (!Number.isInteger(limit) || limit < 1) return misused('--limit must be a whole number above 0.');
  const found = await webhookLog(context, ownerOf(options), { ref, limit });
  const isFull = options['full'] === true;
  return told(
    found,
    (entries) =>
      (isFull ? entries.map(sayEntry).join('\n\n') : sayEntries(entries)) || 'Nothing was sent yet.',
  );
}
