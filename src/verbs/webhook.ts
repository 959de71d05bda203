// Webhooks: making, changing, testing, pausing, resuming and replaying them, and what they did last.
import { makeCaller, wrongUrl } from '../lib/call-out.ts';
import type { EpochMs } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import { present } from '../lib/present.ts';
import type { EventType } from '../model/event.ts';
import { isOwn, type Owner } from '../model/owner.ts';
import { sampleEvent } from '../webhooks/sample.ts';
import {
  givenSecret,
  makeSecret,
  openLogin,
  openSecrets,
  rotated,
  sealLogin,
  sealSecret,
  type NewSecret,
  type Seals,
} from '../webhooks/secrets.ts';
import { send } from '../webhooks/send.ts';
import { shapes } from '../webhooks/shapes/index.ts';
import { AFRESH, cursorAt } from '../webhooks/state.ts';
import type { LogEntry, WebhookStore } from '../webhooks/store.ts';
import { joinUrl, splitUrl, type Change, type Webhook, type Wish } from '../webhooks/webhook.ts';
import { did, refused, type Did, type Refusal } from './did.ts';
import { find, missing, shown, type ShownWebhook, type WebhookVerbs } from './webhook-shown.ts';

export type { ShownWebhook, WebhookVerbs } from './webhook-shown.ts';

/** With what the receiver needs to verify, which is told once. */
export type WithSecret = Readonly<{ webhook: ShownWebhook; secret: string }>;

const MAX_WEBHOOKS = 100;
/** Who is bound to a user does not take the places of the others. */
const MAX_OF_USER = 20;
/** A wrong cursor would send everything again, or nothing. */
const CURSOR = /^\d{1,15}-\d{1,15}\.\d{1,9}$/;

export async function listWebhooks(verbs: WebhookVerbs, owner: Owner): Promise<readonly ShownWebhook[]> {
  const own = (await verbs.webhooks.store.list()).filter((hook) => isOwn(owner, hook));
  return Promise.all(own.map((hook) => shown(verbs, hook)));
}

/** One by its id or name. */
export async function findWebhook(
  verbs: WebhookVerbs,
  owner: Owner,
  ref: string,
): Promise<Did<ShownWebhook>> {
  const hook = await find(verbs, owner, ref);
  return hook.ok ? did(await shown(verbs, hook.value)) : hook;
}

/** Makes one; it gets what happens from now on. */
export async function addWebhook(
  verbs: WebhookVerbs,
  owner: Owner,
  { secret: given, ...wish }: Wish & Readonly<{ secret?: string | undefined }>,
): Promise<Did<WithSecret>> {
  const { webhooks, clock } = verbs;
  const all = (await webhooks.store.list()).filter(({ account }) => account === owner.account);
  if (all.length >= MAX_WEBHOOKS) return refused('wrong', `An account has at most ${MAX_WEBHOOKS} webhooks.`);
  const own = all.filter(({ user }) => owner.user !== undefined && user === owner.user);
  if (own.length >= MAX_OF_USER) return refused('wrong', `A user has at most ${MAX_OF_USER} webhooks.`);
  const fault = await faultOf(verbs, { owner, wish, others: all });
  if (fault) return fault;
  const kind = shapes[wish.shape].key;
  const fresh = given === undefined ? makeSecret(kind) : givenSecret(kind, given);
  if (typeof fresh === 'string') return refused('wrong', fresh);
  const now = Math.round(clock.now());
  const id = `wh_${newId(now).toLowerCase()}`;
  const hook: Webhook = {
    ...wish,
    ...addressOf(webhooks.seals, id, wish.url),
    v: 1,
    id,
    account: owner.account,
    secrets: [{ sealed: sealSecret(webhooks.seals, id, fresh.secret), since: now }],
    ...(fresh.publicKey === undefined ? {} : { publicKey: fresh.publicKey }),
    enabled: true,
    at: now,
    turn: 1,
  };
  await webhooks.store.add(hook, cursorAt(now));
  return did({ webhook: await shown(verbs, hook), secret: fresh.shown });
}

/** Changes all that is said; the shape stays, since each has keys of its own kind. */
export async function changeWebhook(
  verbs: WebhookVerbs,
  owner: Owner,
  { ref, change }: Readonly<{ ref: string; change: Change }>,
): Promise<Did<ShownWebhook>> {
  const { store, seals } = verbs.webhooks;
  const found = await find(verbs, owner, ref);
  if (!found.ok) return found;
  const hook = found.value;
  const { user: named, ...rest } = present(change);
  const { user: had, ...kept } = hook;
  // null: of the whole account.
  const user = named === undefined ? had : (named ?? undefined);
  const given = { ...rest, ...(user === undefined ? {} : { user }) };
  const url = change.url ?? joinUrl(hook.url, openLogin(seals, hook));
  const others = (await store.list()).filter(({ account, id }) => account === hook.account && id !== hook.id);
  const fault = await faultOf(verbs, { owner, wish: { ...kept, ...given, url }, others });
  if (fault) return fault;
  const address = change.url === undefined ? undefined : addressOf(seals, hook.id, url);
  const changed = await store.change(hook.id, ({ login, user: _user, ...one }) => ({
    ...one,
    ...given,
    ...(address ?? (login === undefined ? {} : { login })),
    url: address?.url ?? one.url,
  }));
  return changed ? did(await shown(verbs, changed)) : missing(ref);
}

/** Stops it; its events are kept as long as the event log keeps them. */
export function pauseWebhook(verbs: WebhookVerbs, owner: Owner, ref: string): Promise<Did<ShownWebhook>> {
  return adjust(verbs, owner, { ref, edit: (hook) => ({ ...hook, enabled: false }) });
}

/** Lets it go on where it stopped, paused or parked, and tries at once. */
export function resumeWebhook(verbs: WebhookVerbs, owner: Owner, ref: string): Promise<Did<ShownWebhook>> {
  return adjust(verbs, owner, {
    ref,
    changes: AFRESH,
    edit: (hook) => ({ ...hook, enabled: true, turn: hook.turn + 1 }),
  });
}

/** Sends again what came after a time or a cursor, as new messages. */
export async function replayWebhook(
  verbs: WebhookVerbs,
  owner: Owner,
  { ref, since, cursor }: Readonly<{ ref: string; since?: EpochMs | undefined; cursor?: string | undefined }>,
): Promise<Did<ShownWebhook>> {
  if ((since === undefined) === (cursor === undefined))
    return refused('wrong', 'Say from where: a time or a cursor, and not both.');
  if (cursor !== undefined && !CURSOR.test(cursor))
    return refused('wrong', 'A cursor is such as 1764072000000-0.0; events and deliveries show theirs.');
  const from = cursor ?? cursorAt(since ?? 0);
  return adjust(verbs, owner, {
    ref,
    changes: { ...AFRESH, cursor: from, until: undefined, acked: undefined, waiting: undefined },
    edit: (hook) => ({ ...hook, turn: hook.turn + 1 }),
  });
}

/** Gives it a new secret; the old one is in use beside it for `keepMs`. */
export async function rotateWebhook(
  verbs: WebhookVerbs,
  owner: Owner,
  { ref, keepMs, secret }: Readonly<{ ref: string; keepMs: number; secret?: string | undefined }>,
): Promise<Did<WithSecret>> {
  const { store, seals } = verbs.webhooks;
  const found = await find(verbs, owner, ref);
  if (!found.ok) return found;
  const { id, shape } = found.value;
  const kind = shapes[shape].key;
  const fresh: NewSecret | string = secret === undefined ? makeSecret(kind) : givenSecret(kind, secret);
  if (typeof fresh === 'string') return refused('wrong', fresh);
  const now = Math.round(verbs.clock.now());
  const sealed = sealSecret(seals, id, fresh.secret);
  const changed = await store.change(id, (hook) => ({
    ...hook,
    secrets: rotated(hook, sealed, { now, until: now + keepMs }),
    ...(fresh.publicKey === undefined ? {} : { publicKey: fresh.publicKey }),
  }));
  return changed ? did({ webhook: await shown(verbs, changed), secret: fresh.shown }) : missing(ref);
}

/** Sends an event that did not happen, signed as the others, and says what came of it. */
export async function testWebhook(
  verbs: WebhookVerbs,
  owner: Owner,
  { ref, type }: Readonly<{ ref: string; type: EventType }>,
): Promise<Did<LogEntry>> {
  const { webhooks, clock } = verbs;
  const found = await find(verbs, owner, ref);
  if (!found.ok) return found;
  const hook = found.value;
  const event = sampleEvent(type, { account: hook.account, user: hook.user, at: clock.now() });
  if (shapes[hook.shape].word(event) === undefined)
    return refused('wrong', `The shape ${hook.shape} has no word for ${type}.`);
  const secrets = openSecrets(webhooks.seals, hook, clock.now());
  if (!secrets) return refused('idle', 'Its secret cannot be opened: the master key is another than it was.');
  const url = joinUrl(hook.url, openLogin(webhooks.seals, hook));
  const caller = makeCaller(webhooks.rules, 'closed');
  const signal = new AbortController().signal;
  const { entries } = await send(
    { hook, url, secrets, caller, clock },
    { events: [event], acked: [], attempt: 1, signal, test: true },
  );
  await webhooks.store.progress(hook.id, '*', {}, entries);
  const [entry] = entries;
  return entry ? did(entry) : refused('idle', 'Nothing was sent.');
}

/** Its last requests and what was answered, newest first. */
export async function webhookLog(
  verbs: WebhookVerbs,
  owner: Owner,
  { ref, limit }: Readonly<{ ref: string; limit: number }>,
): Promise<Did<readonly LogEntry[]>> {
  const found = await find(verbs, owner, ref);
  return found.ok ? did(await verbs.webhooks.store.log(found.value.id, limit)) : found;
}

export async function removeWebhook(
  verbs: WebhookVerbs,
  owner: Owner,
  ref: string,
): Promise<Did<Readonly<{ id: string; name: string }>>> {
  const found = await find(verbs, owner, ref);
  if (!found.ok) return found;
  const { id, name } = found.value;
  await verbs.webhooks.store.remove(id);
  return did({ id, name });
}

type Adjustment = Readonly<{
  ref: string;
  changes?: Parameters<WebhookStore['progress']>[2];
  edit(hook: Webhook): Webhook;
}>;

/** Changes its state and then its settings, so that whoever feeds it looks anew. */
async function adjust(
  verbs: WebhookVerbs,
  owner: Owner,
  { ref, changes, edit }: Adjustment,
): Promise<Did<ShownWebhook>> {
  const { store } = verbs.webhooks;
  const found = await find(verbs, owner, ref);
  if (!found.ok) return found;
  if (changes) await store.progress(found.value.id, '*', changes);
  const changed = await store.change(found.value.id, edit);
  return changed ? did(await shown(verbs, changed)) : missing(ref);
}

type Wanted = Readonly<{
  owner: Owner;
  wish: Pick<Wish, 'name' | 'user' | 'url' | 'shape' | 'method' | 'parameters'>;
  others: readonly Webhook[];
}>;

async function faultOf(
  { webhooks, settings }: WebhookVerbs,
  { owner, wish, others }: Wanted,
): Promise<Refusal | undefined> {
  const { name, user, url, shape, method, parameters } = wish;
  if (shape !== 'smtpplus' && (method === 'GET' || Object.keys(parameters).length > 0))
    return refused('wrong', 'Only the shape smtpplus has a method and parameters.');
  if (others.some((one) => one.name === name))
    return refused('exists', `There is a webhook called ${name} already.`);
  // Who is bound to a user makes webhooks for that user's mail alone.
  if (owner.user !== undefined && user !== owner.user)
    return refused('wrong', `It must be for the user ${owner.user}.`);
  if (user !== undefined && (await settings.refresh()).users.get(user)?.account !== owner.account)
    return refused('wrong', `There is no user called ${user}.`);
  const problem = wrongUrl(url, webhooks.rules);
  return problem === undefined ? undefined : refused('wrong', `Not this address: ${problem}.`);
}

/** Where to send, with the password apart and sealed. */
function addressOf(seals: Seals, id: string, text: string): Readonly<{ url: string; login?: string }> {
  const { url, login } = splitUrl(text);
  return login === undefined ? { url } : { url, login: sealLogin(seals, id, login) };
}
