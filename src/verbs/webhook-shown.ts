// Webhooks as people see them: without secrets, with what they are like now; and finding one.
import type { CallRules } from '../lib/call-out.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { isOwn, type Owner } from '../model/owner.ts';
import type { SettingsStore } from '../store/settings.ts';
import { openLogin, type Seals } from '../webhooks/secrets.ts';
import { conditionOf, lagOf, type Condition } from '../webhooks/state.ts';
import type { WebhookStore } from '../webhooks/store.ts';
import { joinUrl, type Webhook } from '../webhooks/webhook.ts';
import { did, noSuch, type Did, type Refusal } from './did.ts';

export type WebhookVerbs = Readonly<{
  webhooks: Readonly<{ store: WebhookStore; seals: Seals; rules: CallRules }>;
  settings: Pick<SettingsStore, 'refresh'>;
  clock: Clock;
}>;

/** A webhook as people see it: without secrets. */
export type ShownWebhook = Omit<Webhook, 'v' | 'login' | 'secrets' | 'turn'> &
  Readonly<{
    secrets: readonly Readonly<{ since: EpochMs; until?: EpochMs | undefined }>[];
    /** off: a person paused it · parked: it failed for too long and waits for a person · failing · behind · well. */
    condition: Condition;
    /** How long the oldest event waits, milliseconds. */
    lagMs: number;
    cursor: string;
    failingSince?: EpochMs | undefined;
    parkedSince?: EpochMs | undefined;
    tries: number;
    nextTry?: EpochMs | undefined;
    problem?: string | undefined;
    /** Events that were taken, requests that were made, and when the last one was taken. */
    sent: number;
    requests: number;
    lastAt?: EpochMs | undefined;
  }>;

/** One by its id or name, of this owner's. */
export async function find({ webhooks }: WebhookVerbs, owner: Owner, ref: string): Promise<Did<Webhook>> {
  const own = (await webhooks.store.list()).filter((hook) => isOwn(owner, hook));
  const hook = own.find(({ id }) => id === ref) ?? own.find(({ name }) => name === ref);
  return hook ? did(hook) : missing(ref);
}

export function missing(ref: string): Refusal {
  return noSuch('webhook', ref);
}

export async function shown(
  { webhooks: { store, seals }, clock }: WebhookVerbs,
  hook: Webhook,
): Promise<ShownWebhook> {
  return show(hook, await store.state(hook.id), { seals, now: clock.now() });
}

function show(
  hook: Webhook,
  state: Awaited<ReturnType<WebhookStore['state']>>,
  { seals, now }: Readonly<{ seals: Seals; now: EpochMs }>,
): ShownWebhook {
  const { v: _v, turn: _turn, login: _login, secrets, url, ...rest } = hook;
  const [user] = openLogin(seals, hook)?.split(':') ?? [];
  return {
    ...rest,
    url: hook.login === undefined ? url : joinUrl(url, `${user ?? ''}:…`),
    secrets: secrets
      .filter(({ until }) => until === undefined || until > now)
      .map(({ since, until }) => ({ since, ...(until === undefined ? {} : { until }) })),
    condition: conditionOf(hook.enabled, state, now),
    lagMs: Math.round(lagOf(state, now)),
    cursor: state.cursor,
    failingSince: state.since,
    parkedSince: state.parked,
    tries: state.tries,
    nextTry: state.tryAt > now ? state.tryAt : undefined,
    problem: state.problem,
    sent: state.sent,
    requests: state.posts,
    lastAt: state.lastAt,
  };
}
