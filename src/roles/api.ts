// The API's wiring: who may come in, and what its endpoints work with.
import { join } from 'node:path';
import { hashPassword, verifyPassword } from '../accept/password.ts';
import type { Door } from '../accept/hand-in.ts';
import { makeAuthenticate } from '../api/authenticate.ts';
import type { ApiContext } from '../api/context.ts';
import { makeViewers } from '../api/event-stream.ts';
import { endpoints } from '../api/index.ts';
import { mountAll } from '../api/mount.ts';
import { makeBuckets } from '../api/rates.ts';
import { makeOnce } from '../api/once.ts';
import { openApiOf } from '../api/openapi.ts';
import { makeCensus } from '../backlog/census.ts';
import { makePageQueue } from '../backlog/queue-page.ts';
import { json, type Answer, type Route } from '../http/exchange.ts';
import { makeGate, type Gate } from '../http/gate.ts';
import { makeSessions, type Sessions } from '../http/session.ts';
import { keepLastViews } from '../http/last-views.ts';
import { makeReader } from '../http/reader.ts';
import { dayOf } from '../lib/day.ts';
import type { Rate } from '../lib/rate.ts';
import { VERSION } from '../lib/version.ts';
import type { Member } from '../model/access.ts';
import { checkTransport } from '../monitor/check.ts';
import { makeFindingsStore } from '../monitor/findings.ts';
import { readSenders } from '../monitor/records.ts';
import { listProcesses } from '../store/processes.ts';
import { openPreviews } from '../store/previews.ts';
import { openResent } from '../store/archive/resent.ts';
import { openIdempotency } from '../store/idempotency.ts';
import { openSessions } from '../store/sessions.ts';
import type { GuideVerbs } from '../verbs/guide.ts';
import { makeLookAround, makeLookAtWaiting } from '../verbs/look.ts';
import { makeOverview } from '../verbs/overview.ts';
import { alertsOf } from './alert-context.ts';
import { readBody } from './archive.ts';
import type { Base } from './base.ts';
import { openBatch } from './batch.ts';
import { openDns, trackingTarget } from './dns.ts';
import { tracesOf } from './forget.ts';
import { openHistory } from './history.ts';
import { openLetters } from './letters.ts';
import { ownAddresses } from './links.ts';
import { checkDeps } from './monitor.ts';
import { makeTell } from './notices.ts';
import { openQuarantine, readSource } from './scan.ts';
import { makePreview } from './template-preview.ts';
import { tryTemplate } from './template-trial.ts';
import { webhookVerbs } from './webhooks.ts';

export type Access = Readonly<{
  sessions: Sessions;
  gate: Gate;
  memberOf(name: string): Promise<Member | undefined>;
}>;

/** Members' sessions and their log-in, for pages and the API alike. */
export function openAccess({ asking: redis, prefix, members, clock }: Base): Access {
  const memberOf = async (name: string): Promise<Member | undefined> => {
    const member = await members.get(name);
    return member?.disabled ? undefined : member;
  };
  return {
    memberOf,
    sessions: makeSessions({ store: openSessions({ redis, prefix }), memberOf, clock }),
    gate: makeGate(
      async (password, name) => verifyPassword(password, (await memberOf(name))?.passwordHash),
      clock,
    ),
  };
}

const DNS_MS = 3000;

/** Requests that a principal may send, and how many of them at once. */
const REQUESTS: Rate = { count: 6000, perMs: 60_000 };
const BURST_S = 5;

export function openApi(base: Base, parts: Access & GuideVerbs & Readonly<{ door: Door }>): readonly Route[] {
  const { clock, settingsNow, apiKeys: keys } = base;
  const log = base.log.child({ role: 'api' });
  const authenticate = makeAuthenticate({ keys, sessions: parts.sessions, settingsNow, clock });
  const { eventLog } = base;
  const events = { eventLog, viewers: makeViewers({ eventLog, clock, log }) };
  const routes = mountAll(endpoints, {
    context: { ...contextOf(base, parts), ...events, authenticate },
    authenticate,
    requests: makeBuckets(requestsOf(base), clock),
    once: makeOnce(openIdempotency({ redis: base.asking, prefix: base.prefix, sealer: base.sealer })),
    log,
  });
  // Made when it is first asked for: that takes a fifth of a second, which no start should wait for.
  let document: Answer | undefined;
  const handle = (): Promise<Answer> => Promise.resolve((document ??= json(openApiOf(endpoints, VERSION))));
  return [...routes, { method: 'GET', path: '/api/openapi.json', access: 'open', handle }];
}

function requestsOf({ config }: Base): Readonly<{ rate: Rate; burst: number }> {
  const rate = config.http.requests ?? REQUESTS;
  return { rate, burst: Math.max(1, Math.ceil((rate.count / rate.perMs) * 1000 * BURST_S)) };
}

function contextOf(
  base: Base,
  parts: Access & GuideVerbs & Readonly<{ door: Door }>,
): Omit<ApiContext, 'authenticate' | 'eventLog' | 'viewers'> {
  const { config, clock, asking, prefix } = base;
  return {
    ...base,
    ...parts,
    redis: asking,
    hashPassword,
    processes: () => listProcesses({ redis: asking, prefix, clock }),
    batch: openBatch(base),
    openHistory: () => openHistory(base),
    eventsFolder: join(config.data, 'events'),
    traces: tracesOf(base),
    ...webhookVerbs(base),
    pageQueue: makePageQueue({ redis: asking, keys: base.keys, transitions: base.transitions }),
    quarantine: openQuarantine(base),
    readSource: (submission, maxBytes) => readSource(base, submission, maxBytes),
    readBody: (submission) => readBody(base, submission),
    letterOf: openLetters(base),
    resent: openResent({ redis: asking, prefix }),
    alerts: alertsOf(base),
    checkTransport: (transport) => checkTransport(transport, checkDeps(base)),
    findings: makeFindingsStore({ redis: asking, prefix }),
    tell: makeTell(base),
    clockOffset: base.offset.ms,
    reader: keepLastViews(makeReader(clock), clock),
    tryTemplate: (content) => tryTemplate(content, clock),
    previewTemplate: makePreview(clock),
    previews: openPreviews({ redis: asking, prefix }),
    // Somebody waits: a DNS that does not answer soon is an answer, too.
    ...openDns({ ...config.dns, timeout: Math.min(config.dns.timeout, DNS_MS), tries: 1 }),
    trackingTarget: trackingTarget(config),
    feedback: ownAddresses(base),
    sendingOf: async (user) => (await readSenders(asking, prefix)).get(user),
    ...looks(base),
  };
}

/** What people look at again and again: asked once for all of them. */
function looks(base: Base): Pick<ApiContext, 'overview' | 'lookAtWaiting' | 'today'> {
  const { asking: redis, keys, clock, config } = base;
  const today: ApiContext['today'] = (zone) => dayOf(clock.now(), zone ?? config.warmup.timeZone);
  const around = makeLookAround({ ...base, today });
  const queue = { ...base, around, quarantine: openQuarantine(base) };
  return {
    today,
    overview: makeOverview({ ...queue, census: makeCensus({ redis, keys, clock }), alerts: alertsOf(base) }),
    lookAtWaiting: makeLookAtWaiting(queue),
  };
}
