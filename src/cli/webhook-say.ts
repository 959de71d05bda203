// Webhooks in words: lists, one of them, its secret when it is new, and its last requests. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import type { ShownWebhook, WithSecret } from '../verbs/webhook.ts';
import type { LogEntry } from '../webhooks/store.ts';
import { sheet, table } from './command.ts';
import { clean, sayTime } from './timeline.ts';

/** The secret, and what comes next. */
export function saySecret({ webhook, secret }: WithSecret, first: string): string {
  const isPublic = webhook.publicKey !== undefined;
  const what = isPublic
    ? 'The receiver verifies with this public key ("webhook show" prints it again)'
    : 'The receiver verifies with this secret, which is not shown again';
  return `${first}\n\n${what}:\n\n  ${secret}\n\nTry it: postino webhook test ${webhook.name}`;
}

/** The last requests, a line each. */
export function sayEntries(entries: readonly LogEntry[]): string {
  const rows = entries.map((entry) => [
    sayTime(entry.at),
    `${entry.events} ${entry.types.join(', ')}${entry.test === true ? ' (test)' : ''}`,
    String(entry.attempt),
    `${entry.ms} ms`,
    clean(sayAnswer(entry)).slice(0, 60),
  ]);
  return table(['time (UTC)', 'events', 'try', 'took', 'answer'], rows, 'Nothing was sent yet.');
}

/** A request with all that is known of it. */
export function sayEntry(entry: LogEntry): string {
  const { method, url, headers, body } = entry.request;
  return [
    `${sayTime(entry.at)}  try ${entry.attempt}, ${entry.ms} ms`,
    `> ${method} ${clean(url)}`,
    ...Object.entries(headers).map(([name, value]) => `> ${name}: ${clean(value)}`),
    ...(body === '' ? [] : [`> ${clean(body)}`]),
    `< ${clean(sayAnswer(entry))}`,
    ...(entry.answer === undefined || entry.answer === '' ? [] : [`< ${clean(entry.answer)}`]),
  ].join('\n');
}

export function sayAnswer({ status, problem }: LogEntry): string {
  return status === undefined ? (problem ?? 'no answer') : `it answered ${status}`;
}

export function sayList(all: readonly ShownWebhook[], now: EpochMs): string {
  const rows = all.map((hook) => [
    hook.name,
    hook.shape,
    hook.user ?? '(all)',
    hook.condition,
    hook.lagMs > 0 ? sayDuration(Math.ceil(hook.lagMs / 1000) * 1000) : '',
    hook.lastAt === undefined
      ? 'never'
      : `${sayDuration(Math.max(1, Math.floor((now - hook.lastAt) / 1000)) * 1000)} ago`,
    clean(hook.url),
  ]);
  const none = 'There are no webhooks; "postino webhook add https://…" makes one.';
  return table(['webhook', 'shape', 'user', 'state', 'behind', 'last taken', 'address'], rows, none);
}

export function sayWebhook(hook: ShownWebhook, now: EpochMs): string {
  const ago = (at: number | undefined): string | undefined =>
    at === undefined
      ? undefined
      : `${sayTime(at)} (${sayDuration(Math.max(1000, Math.floor((now - at) / 1000) * 1000))} ago)`;
  return sheet({
    webhook: hook.name,
    id: hook.id,
    address: clean(hook.url),
    shape: hook.shape,
    user: hook.user ?? 'all of the account',
    types: hook.types.length === 0 ? 'all about messages' : hook.types,
    campaigns: hook.campaigns,
    tags: hook.tags,
    domains: hook.domains,
    'people only': hook.people ? true : undefined,
    batches: `at most ${hook.batchSize} events, after ${sayDuration(hook.batchWait) || '0s'} at most`,
    parameters: Object.entries(hook.parameters).map(([name, value]) => `${name}=${value}`),
    'public key': hook.publicKey,
    secrets: hook.secrets.map(
      ({ since, until }) => `since ${sayTime(since)}${until === undefined ? '' : ` until ${sayTime(until)}`}`,
    ),
    state: hook.condition,
    behind: hook.lagMs > 0 ? sayDuration(Math.ceil(hook.lagMs / 1000) * 1000) : undefined,
    problem: hook.problem === undefined ? undefined : clean(hook.problem),
    'fails since': ago(hook.failingSince),
    'parked since': ago(hook.parkedSince),
    'next try': hook.nextTry === undefined ? undefined : sayTime(hook.nextTry),
    'events taken': hook.sent,
    requests: hook.requests,
    'last taken': ago(hook.lastAt),
    cursor: hook.cursor,
  });
}
