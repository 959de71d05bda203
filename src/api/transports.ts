// Endpoints of transports: the addresses that mail leaves from, how they are and how far their warm-up is.
import { present } from '../lib/present.ts';
import { z } from 'zod';
import { declaredTransport } from '../config/entries.ts';
import { nameSchema, transportSchema, viaSchema } from '../model/settings.ts';
import type { VerbContext } from '../verbs/context.ts';
import {
  addTransport,
  changeTransport,
  listTransports,
  removeTransport,
  showTransport,
  switchTransport,
  type Given,
  type ShownTransport,
} from '../verbs/transport.ts';
import { publicTransport } from '../verbs/transport-via.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { HOW_TO_PATCH, invalidBody, patched, patchOf } from './patch.ts';
import { isProblem, type Problem } from './problem.ts';
import { refusal } from './refusal.ts';

const { name: _name, kind: _kind, paused: _p, draining: _d, via: _via, ...plain } = declaredTransport.shape;
const via = viaSchema
  .omit({ sealedPassword: true })
  .extend({ password: z.string().min(1).optional().describe('Never shown again: GET says "sealed".') });

/** What may be said of a transport besides its name and its kind. */
const wish = z.strictObject({
  ...plain,
  via: via.optional(),
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
});

const { v: _v, via: _stored, ...stored } = transportSchema.shape;
const progress = z.object({
  since: z.string(),
  today: z.string(),
  timeZone: z.string(),
  done: z.boolean(),
  idle: z.number().describe('Days on which nothing left, which do not count.'),
  providers: z.array(
    z.object({
      provider: z.string(),
      day: z.number(),
      days: z.number(),
      cap: z.number().optional().describe('Messages that may leave today; absent: as many as there are.'),
      used: z.number(),
      deferred: z.number(),
      bounced: z.number(),
    }),
  ),
});
const shown = z.object({
  ...stored,
  via: z.object({ ...via.shape, password: z.literal('sealed').optional() }).optional(),
  state: z.enum(['paused', 'draining', 'running', 'warming', 'healthy', 'degraded', 'quarantined']),
  because: z
    .object({ reason: z.string(), since: z.number() })
    .optional()
    .describe('Why monitors or operators gave it this state.'),
  progress: progress.optional().describe('How far its warm-up is.'),
});
const FIXED = ['name', 'kind', 'origin', 'paused', 'draining', 'state', 'because', 'progress'] as const;
const params = z.object({ name: nameSchema });

type Verbs = VerbContext;

const SWITCHES = [
  ['pause', 'Begins no new deliveries by it; what waits for it waits.', { paused: true }],
  ['resume', 'Lets mail leave by it again.', { paused: false }],
  [
    'drain',
    'Begins no new deliveries by it; what waits moves to the others of its pool.',
    { draining: true },
  ],
  ['undrain', 'Ends the draining.', { draining: false }],
] as const;

export const transportEndpoints = [
  endpoint({
    id: 'listTransports',
    verb: 'transport list',
    method: 'GET',
    path: '/transports',
    scope: 'transports:read',
    summary: 'The transports with their states.',
    query: z.object(pageQuery),
    answer: pageOf(shown),
    run: async ({ query }, verbs: Verbs) => {
      const page = pageIn(await listTransports(verbs), ({ transport }) => transport.name, query);
      return { ...page, items: page.items.map(show) };
    },
  }),
  endpoint({
    id: 'addTransport',
    verb: 'transport add',
    method: 'POST',
    path: '/transports',
    scope: 'transports:write',
    summary: 'Adds an outbound address, or the sandbox.',
    body: wish.extend({ name: nameSchema, kind: z.enum(['smtp', 'sandbox']).default('smtp') }),
    status: 201,
    location: '/transports/:name',
    answer: shown,
    run: async ({ body }, verbs: Verbs) => {
      const { name, kind, ...said } = body;
      if (kind === 'smtp' && said.address === undefined)
        return invalidBody([
          {
            path: 'body.address',
            message: 'is missing: name the address of this host that mail leaves from',
          },
        ]);
      const given = givenOf(said, said, undefined);
      if (isProblem(given)) return given;
      const added = await addTransport(verbs, { name, kind }, given);
      return added.ok ? again(verbs, name) : refusal(added);
    },
  }),
  endpoint({
    id: 'showTransport',
    verb: 'transport show',
    method: 'GET',
    path: '/transports/:name',
    scope: 'transports:read',
    summary: 'A transport, its state and its warm-up.',
    params,
    answer: shown,
    run: ({ params: { name } }, verbs: Verbs) => again(verbs, name),
  }),
  endpoint({
    id: 'changeTransport',
    verb: 'transport set',
    method: 'PATCH',
    path: '/transports/:name',
    scope: 'transports:write',
    summary: 'Changes a transport.',
    description: HOW_TO_PATCH,
    params,
    body: patchOf(wish, FIXED),
    answer: shown,
    run: async ({ params: { name }, body }, verbs: Verbs) => {
      const found = await showTransport(verbs, name);
      if (!found.ok) return refusal(found);
      const given = change(found.value, body);
      if (isProblem(given)) return given;
      const changed = await changeTransport(verbs, name, given);
      return changed.ok ? again(verbs, name) : refusal(changed);
    },
  }),
  endpoint({
    id: 'removeTransport',
    verb: 'transport remove',
    method: 'DELETE',
    path: '/transports/:name',
    scope: 'transports:write',
    summary: 'Removes a transport; mail that waits for it goes to the others of its pool.',
    params,
    query: z.object({
      force: z.stringbool().default(false).describe('Also when users are left without a way out.'),
    }),
    run: async ({ params: { name }, query }, verbs: Verbs) => {
      const removed = await removeTransport(verbs, name, query.force ? 'force' : 'careful');
      return removed.ok ? undefined : refusal(removed);
    },
  }),
  ...SWITCHES.map(([word, summary, to]) =>
    endpoint({
      id: `${word}Transport`,
      verb: `transport ${word}`,
      method: 'POST',
      path: `/transports/:name/${word}`,
      scope: 'transports:write',
      summary,
      params,
      answer: shown,
      run: async ({ params: { name } }, verbs: Verbs) => {
        const changed = await switchTransport(verbs, name, to);
        return changed.ok ? again(verbs, name) : refusal(changed);
      },
    }),
  ),
  endpoint({
    id: 'showWarmup',
    method: 'GET',
    path: '/transports/:name/warmup',
    scope: 'transports:read',
    summary: 'How far its warm-up is, provider by provider.',
    params,
    answer: progress.partial().extend({ warm: z.boolean().describe('It has none, or it is over.') }),
    run: async ({ params: { name } }, verbs: Verbs) => {
      const found = await showTransport(verbs, name);
      if (!found.ok) return refusal(found);
      const { warmup } = found.value;
      return { ...warmup, warm: warmup?.done ?? true };
    },
  }),
];

async function again(verbs: Verbs, name: string) {
  const found = await showTransport(verbs, name);
  return found.ok ? show(found.value) : refusal(found);
}

function show({ transport, state, because, warmup }: ShownTransport) {
  const { v: _version, ...rest } = publicTransport(transport);
  return { ...rest, state, because, progress: warmup };
}

type Wish = z.output<typeof wish>;

function change(
  found: ShownTransport,
  { because: _b, progress: _p2, ...body }: Readonly<Record<string, unknown>>,
) {
  const { name, kind, origin, paused, draining, state, because: _c, progress: _g, ...rest } = show(found);
  const { via: relay, ...others } = rest;
  const { password: _sealed, ...open } = relay ?? {};
  const old = relay ? { ...others, via: open } : others;
  const fixed = { name, kind, origin, paused, draining, state };
  const next = patched(wish, { old, fixed }, unsealed(body));
  return next.ok ? givenOf(next.value, body, relay) : next.problem;
}

/** "sealed" is what GET shows for a password: who sends it back means the one that there is. */
function unsealed(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const relay = body['via'];
  if (typeof relay !== 'object' || relay === null || !('password' in relay) || relay.password !== 'sealed')
    return body;
  const { password: _sealed, ...open } = relay;
  return { ...body, via: open };
}

/** What is to be as it was said; fields that are not there are removed. `said` is the body itself. */
function givenOf(wished: Wish, said: object, old: Relay | undefined): Given | Problem {
  const { via: relay, warm, warmup, ...fields } = wished;
  const noLogIn = relay && wrongLogIn(relay, old);
  if (noLogIn) return noLogIn;
  if (warm === true && warmup !== undefined && 'warmup' in said)
    return invalidBody([{ path: 'body.warmup', message: 'and warm: true exclude each other' }]);
  const removable = ['address6', 'publicAddress', 'ehlo', 'timeZone'] as const;
  const { host, port, ...more } = relay ?? { host: '', port: 0 };
  return {
    fields: present(fields),
    removed: removable.filter((name) => fields[name] === undefined),
    said: {
      ...('warm' in said && warm !== undefined && { warm }),
      ...('warmup' in said && warmup && { warmup }),
    },
    relay: { via: relay ? { host, port } : 'none', more },
  };
}

type Relay = Readonly<{ host: string; username?: string | undefined; password?: string | undefined }>;

/** A password stays with the host that it was given for. */
function wrongLogIn(relay: Relay, old: Relay | undefined): Problem | undefined {
  const isKept = old?.host === relay.host && old.password !== undefined;
  const has = relay.password !== undefined || isKept;
  if ((relay.username !== undefined) === has) return undefined;
  const [path, message] = has
    ? ['body.via.username', 'is missing: username and password belong together']
    : ['body.via.password', 'is missing: username and password belong together, and are of one host'];
  return invalidBody([{ path, message }]);
}
