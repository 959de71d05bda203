// Endpoints of domains: sender domains, their keys, and the DNS records to publish.
import { present } from '../lib/present.ts';
import { z } from 'zod';
import type { Principal } from '../model/access.ts';
import { domainSchema, nameSchema, type Domain, type Settings, type User } from '../model/settings.ts';
import { brand, returnPath, trackingHost } from '../config/entries.ts';
import { toAsciiDomain } from '../mail/domain.ts';
import { HOME } from '../model/scopes.ts';
import type { VerbContext } from '../verbs/context.ts';
import {
  addDomain,
  changeDomain,
  checkDomainNow,
  listDomains,
  publicDomain,
  removeDomain,
  showDomain,
  type ShownDomain,
} from '../verbs/domain.ts';
import { proofRecord, proves, type ProofRecord, type ProofVerbs } from '../verbs/domain-proof.ts';
import { missingPool } from '../verbs/pool.ts';
import { changeUser } from '../verbs/user.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { HOW_TO_PATCH, invalidBody, patched, patchOf } from './patch.ts';
import { conflict, isProblem, notFound, problem, type Problem } from './problem.ts';
import { refusal } from './refusal.ts';

const host = (words: string) => z.string().max(253).describe(words);
const domainName = z
  .string()
  .max(253)
  .transform((text, context) => {
    const ascii = toAsciiDomain(text);
    if (ascii !== undefined) return ascii;
    context.addIssue({ code: 'custom', message: 'must be a domain name such as shop.example' });
    return z.NEVER;
  });
const params = z.object({ name: domainName });

const key = domainSchema.shape.keys.unwrap().element.omit({ sealedPrivateKey: true });
const domain = z.object({
  name: z.string(),
  account: nameSchema,
  origin: domainSchema.shape.origin,
  keys: z.array(z.object(key.shape)),
  trackingHost: host('Host under which its links are tracked.').optional(),
  returnPath: host('Host of the return paths of its mail.').optional(),
  brand: brand.optional(),
  pool: nameSchema.optional().describe('The pool that its mail leaves by, for users of its account.'),
});
const record = z.object({
  name: z.string(),
  type: z.enum(['TXT', 'CNAME', 'A', 'AAAA', 'MX']),
  value: z.string(),
  purpose: z.enum(['dkim', 'spf', 'dmarc', 'tracking', 'return-path']),
  note: z.string(),
});
const lacks = z
  .array(z.enum(['tracking.url', 'feedback.domain']))
  .describe('What the configuration lacks for hosts of the domain to be of use.');
const withRecords = domain.extend({ records: z.array(record).describe('What to publish.'), lacks });
const finding = record.extend({
  state: z.enum(['ok', 'missing', 'different', 'unknown']).describe('unknown: the DNS did not answer.'),
  found: z.array(z.string()),
});
/** What may be said of a domain. */
const wish = z.strictObject({
  trackingHost: trackingHost.optional(),
  returnPath: returnPath.optional(),
  brand: brand.optional(),
  pool: nameSchema.optional(),
});
const FIXED = ['name', 'account', 'origin', 'keys', 'records', 'lacks'] as const;

type Verbs = VerbContext & ProofVerbs;

export const domainEndpoints = [
  endpoint({
    id: 'listDomains',
    verb: 'domain list',
    method: 'GET',
    path: '/domains',
    scope: 'domains:read',
    summary: 'The domains, in order of their names.',
    query: z.object(pageQuery),
    answer: pageOf(domain),
    run: async ({ principal, query }, verbs: Verbs) => {
      const all = await listDomains(verbs);
      const settings = await verbs.settings.refresh();
      const own = all.filter((one) => isSeen(principal, one, settings));
      const page = pageIn(own, ({ name }) => name, query);
      return { ...page, items: page.items.map(publicDomain) };
    },
  }),
  endpoint({
    id: 'addDomain',
    verb: 'domain add',
    method: 'POST',
    path: '/domains',
    scope: 'domains:write',
    summary: 'Signs for a domain: makes its keys and tells the DNS records to publish.',
    description:
      'Who is not the operator of the installation proves first that the domain is theirs: GET /domains/:name/proof tells the record to publish; until the DNS shows it the answer is 409.',
    body: z.strictObject({ name: domainName }),
    status: 201,
    location: '/domains/:name',
    answer: withRecords,
    run: ({ principal, body }, verbs: Verbs) => add(principal, body.name, verbs),
  }),
  endpoint({
    id: 'showDomain',
    verb: 'domain show',
    method: 'GET',
    path: '/domains/:name',
    scope: 'domains:read',
    summary: 'A domain and the DNS records to publish for it.',
    params,
    answer: withRecords,
    run: async ({ principal, params: { name } }, verbs: Verbs) => {
      const found = await find(principal, verbs, name);
      return isProblem(found) ? found : show(found);
    },
  }),
  endpoint({
    id: 'changeDomain',
    verb: 'domain set',
    method: 'PATCH',
    path: '/domains/:name',
    scope: 'domains:write',
    summary: 'Changes the hosts, the brand and the pool of a domain.',
    description: HOW_TO_PATCH,
    params,
    body: patchOf(wish, FIXED),
    answer: withRecords,
    run: async ({ principal, params: { name }, body }, verbs: Verbs) => {
      const found = await find(principal, verbs, name);
      if (isProblem(found)) return found;
      if (principal.user !== undefined) return notOnlyYours;
      const { trackingHost: links, returnPath: bounces, brand: mark, pool, ...fixed } = show(found);
      const old = { trackingHost: links, returnPath: bounces, brand: mark, pool };
      const next = patched(wish, { old, fixed }, body);
      if (!next.ok) return next.problem;
      const wrong = await wrongPool(principal, { pool: next.value.pool, old: pool }, verbs);
      if (wrong) return wrong;
      const changed = await changeDomain(verbs, name, (one) => withWish(one, next.value));
      if (!changed.ok) return refusal(changed);
      const after = await find(principal, verbs, name);
      return isProblem(after) ? after : show(after);
    },
  }),
  endpoint({
    id: 'checkDomain',
    verb: 'domain check',
    method: 'GET',
    path: '/domains/:name/check',
    scope: 'domains:read',
    summary: 'Compares the DNS with what should be there, now.',
    params,
    answer: z.object({
      name: z.string(),
      isGood: z.boolean().describe('Its mail is signed, and its hosts lead to us.'),
      records: z.array(finding),
      lacks,
    }),
    run: async ({ principal, params: { name } }, verbs: Verbs) => {
      const found = await find(principal, verbs, name);
      if (isProblem(found)) return found;
      const checked = await checkDomainNow(verbs, name);
      if (!checked.ok) return refusal(checked);
      const { findings, isGood, lacks: lacking } = checked.value;
      return { name, isGood, records: findings, lacks: lacking };
    },
  }),
  endpoint({
    id: 'proveDomain',
    method: 'GET',
    path: '/domains/:name/proof',
    scope: 'domains:read',
    summary: 'The record that proves a domain to be yours before you add it, and whether the DNS shows it.',
    params,
    answer: z.object({
      record: record.extend({ purpose: z.literal('proof') }),
      isProved: z.boolean(),
    }),
    run: async ({ principal: { account, user }, params: { name } }, verbs: Verbs) => {
      const claim = { account, user, domain: name };
      return { record: proofRecord(verbs, claim), isProved: await proves(verbs, claim) };
    },
  }),
  endpoint({
    id: 'removeDomain',
    verb: 'domain remove',
    method: 'DELETE',
    path: '/domains/:name',
    scope: 'domains:write',
    summary: 'Removes a domain with its keys; its mail is then not signed.',
    params,
    run: async ({ principal, params: { name } }, verbs: Verbs) => {
      const found = await find(principal, verbs, name);
      if (isProblem(found)) return found;
      if (principal.user !== undefined) return notOnlyYours;
      const removed = await removeDomain(verbs, name);
      return removed.ok ? undefined : refusal(removed);
    },
  }),
];

/** Others of its account may send from it, too. */
const notOnlyYours = problem(
  403,
  'Not allowed',
  'A domain belongs to the account, and you see one user of it: its operator changes and removes domains.',
);

function unproved({ name, value }: ProofRecord): Problem {
  return conflict(
    `Prove first that it is yours: publish a TXT record "${value}" for ${name}, and try again.`,
  );
}

async function add(principal: Principal, name: string, verbs: Verbs) {
  const { account, user } = principal;
  const settings = await verbs.settings.refresh();
  const known = settings.domains.get(name);
  if (account !== HOME || user !== undefined) {
    const claim = { account, user, domain: name };
    // Whether somebody else has it is nothing that strangers need to know: the proof comes first.
    if (!(await proves(verbs, claim))) return unproved(proofRecord(verbs, claim));
  }
  if (known && (known.account !== account || user === undefined))
    return conflict(`There is already a domain called ${name}.`);
  if (user !== undefined) {
    const may = await changeUser(verbs, user, (old) => withDomain(old, name));
    if (!may.ok) return refusal(may);
  }
  const added = known ? await showDomain(verbs, name) : await addDomain(verbs, name, account);
  return added.ok ? show(added.value) : refusal(added);
}

function withDomain(user: User, name: string): User {
  return user.domains.includes(name) ? user : { ...user, domains: [...user.domains, name] };
}

async function find(principal: Principal, verbs: Verbs, name: string): Promise<ShownDomain | Problem> {
  const found = await showDomain(verbs, name);
  const settings = await verbs.settings.refresh();
  return found.ok && isSeen(principal, found.value.domain, settings) ? found.value : notFound('domain');
}

/** One user sees the domains that it may send as. */
function isSeen(
  { account, user }: Principal,
  { account: owner, name }: Domain,
  { users }: Settings,
): boolean {
  if (account !== owner) return false;
  const own = user === undefined ? undefined : (users.get(user)?.domains ?? []);
  return own === undefined || own.some((one) => one.replace(/^\*\./, '') === name);
}

/** Other accounts choose among the pools that their users were granted. */
async function wrongPool(
  { account }: Principal,
  { pool, old }: Readonly<{ pool: string | undefined; old: string | undefined }>,
  { settings }: Verbs,
): Promise<Problem | undefined> {
  if (pool === undefined || pool === old) return undefined;
  const now = await settings.refresh();
  const own = [...now.users.values()].filter((user) => user.account === account);
  const isGranted = own.some((user) => user.pool === pool || user.pools.includes(pool));
  if (missingPool(now, [pool]) === undefined && (account === HOME || isGranted)) return undefined;
  return invalidBody([{ path: 'body.pool', message: `is ${pool}, and there is no such pool` }]);
}

function withWish(
  { trackingHost: _host, returnPath: _path, brand: _brand, pool: _pool, ...rest }: Domain,
  wished: z.output<typeof wish>,
): Domain {
  return { ...rest, ...present(wished) };
}

function show({ domain: one, records, lacks: lacking }: ShownDomain) {
  const { v: _version, ...rest } = publicDomain(one);
  return { ...rest, records, lacks: lacking };
}
