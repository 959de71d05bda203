// Options of the webhook commands, and what they say of a webhook. Pure.
import { present } from '../lib/present.ts';
import { parseDuration } from '../lib/duration.ts';
import { listOf, textOf, type Option, type Values } from './command.ts';

export const webhookOptions: readonly Option[] = [
  { flags: '--name <name>', summary: 'names it in commands (default: the host of its address)' },
  { flags: '--user <name>', summary: 'only events of this user\'s mail; "" means all of the account' },
  { flags: '--type <type>', summary: 'only events of this type; may be repeated', many: true },
  { flags: '--campaign <campaign>', summary: 'only events of this campaign; may be repeated', many: true },
  { flags: '--tag <tag>', summary: 'only events with this tag; may be repeated', many: true },
  {
    flags: '--domain <domain>',
    summary: 'only events of mail from this domain; may be repeated',
    many: true,
  },
  { flags: '--people', summary: 'leave out opens and clicks of programs' },
  { flags: '--no-people', summary: 'opens and clicks of programs, too' },
  { flags: '--batch-size <n>', summary: 'events in a request, at most (default: 100)' },
  { flags: '--batch-wait <time>', summary: 'how long an event waits for others (default: 1s)' },
  { flags: '--method <method>', summary: 'GET or POST, of the shape smtpplus' },
  {
    flags: '--parameter <name=value>',
    summary: 'of the shape smtpplus: such as mail=[Email]; may be repeated',
    many: true,
  },
];

/** What options say of the settings; a mistake in one is told with all others. */
export function givenOf(options: Values): Readonly<Record<string, unknown>> {
  const wait = textOf(options, 'batchWait');
  const size = textOf(options, 'batchSize');
  return present({
    name: textOf(options, 'name'),
    user: textOf(options, 'user'),
    types: listOf(options, 'type'),
    campaigns: listOf(options, 'campaign'),
    tags: listOf(options, 'tag'),
    domains: listOf(options, 'domain'),
    people: typeof options['people'] === 'boolean' ? options['people'] : undefined,
    batchSize: size === undefined ? undefined : Number(size),
    batchWait: wait === undefined ? undefined : (parseDuration(wait) ?? Number.NaN),
    method: textOf(options, 'method')?.toUpperCase(),
    parameters: parametersOf(options),
  });
}

function parametersOf(options: Values): Readonly<Record<string, string>> | undefined {
  const given = options['parameter'];
  if (!Array.isArray(given)) return undefined;
  return Object.fromEntries(
    given.map(String).map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
