// postino domain …: sender domains, their DKIM keys and the DNS records to publish.
import { z } from 'zod';
import { brand, returnPath, trackingHost } from '../config/entries.ts';
import type { Domain, Settings } from '../model/settings.ts';
import { checkDomain, recordsFor, type RecordFinding, type WantedRecord } from '../store/domains.ts';
import { checkReturnPath, returnPathRecord } from '../store/return-host.ts';
import { checkTracking, trackingRecord } from '../store/tracking-host.ts';
import {
  accountOf,
  done,
  failed,
  isNothingGiven,
  misused,
  nothingToChange,
  table,
  type Option,
  type Result,
  type Values,
} from './command.ts';
import { unknownPool, type SettingsCommand, type SettingsContext } from './context.ts';
import { sayOptionIssues } from './option-values.ts';
import { sayRecords } from './records.ts';

const setOptions: readonly Option[] = [
  { flags: '--tracking-host <host>', summary: 'host under which its links are tracked: click.shop.example' },
  { flags: '--return-path <host>', summary: 'host that its bounces come to: bounce.shop.example' },
  { flags: '--brand-name <name>', summary: 'who the unsubscribe page speaks for' },
  { flags: '--brand-logo <url>', summary: 'https address of the picture on it' },
  { flags: '--pool <name>', summary: 'pool that its mail leaves by, for users of its account' },
];

export const domainCommands: readonly SettingsCommand[] = [
  {
    words: 'domain add <domain>',
    summary: 'Sign for a domain: makes its keys and prints the DNS records to publish.',
    options: [{ flags: '--account <name>', summary: 'the account it belongs to (default: default)' }],
    run: async (context, { domain = '' }, options) => {
      const change = await context.domains.add(domain, accountOf(options));
      if (!change.ok) return failed(change.problem);
      const records = recordsFor(change.entry, await context.settings.refresh());
      const { name } = change.entry;
      return done(
        `Domain ${name} was added. Publish these records:\n\n${sayRecords(records)}\n\n${sayNext(name, context)}`,
        {
          ...publicDomain(change.entry),
          records,
        },
      );
    },
  },
  {
    words: 'domain list',
    summary: 'List the domains.',
    run: async ({ settings }) => {
      const domains = [...(await settings.refresh()).domains.values()].sort((a, b) =>
        a.name < b.name ? -1 : 1,
      );
      const rows = domains.map((one) => [
        one.name,
        one.account,
        one.keys.map(({ selector }) => selector).join(', '),
        one.origin,
      ]);
      const none = 'There are no domains; add one with "postino domain add <domain>".';
      return done(table(['domain', 'account', 'keys', 'declared by'], rows, none), domains.map(publicDomain));
    },
  },
  {
    words: 'domain show <domain>',
    summary: 'Print the DNS records to publish for a domain.',
    run: async ({ settings, trackingTarget, feedback }, args) => {
      const now = await settings.refresh();
      const domain = find(now, args['domain']);
      if (!domain) return unknown(args['domain']);
      const targets = { trackingTarget, feedback };
      const records = allRecords(domain, now, targets);
      const text = `${sayBrand(domain)}${sayRecords(records)}${sayNoTarget(domain, targets)}`;
      return done(text, { ...publicDomain(domain), records });
    },
  },
  {
    words: 'domain set <domain>',
    summary:
      'Change the tracking host, the host for bounces, the brand and the pool of a domain; "" removes.',
    options: setOptions,
    run: setDomain,
  },
  {
    words: 'domain check <domain>',
    summary:
      'Compare the DNS with what should be there; fails when a key or a host of its own is not published.',
    run: checkOne,
  },
  {
    words: 'domain remove <domain>',
    summary: 'Remove a domain with its keys; its mail is then not signed.',
    run: async ({ settings }, args) => {
      const now = await settings.refresh();
      const name = find(now, args['domain'])?.name ?? args['domain'] ?? '';
      const removal = await settings.domains.remove(name);
      if (!removal.ok) return failed(removal.problem);
      const users = [...now.users.values()]
        .filter(({ domains }) => domains.includes(name))
        .map((user) => user.name);
      const note = users.length > 0 ? ` ${users.join(', ')} may still send as it, unsigned.` : '';
      return done(`Domain ${name} was removed with its keys.${note}`, { removed: name });
    },
  },
];

const given = z.object({
  trackingHost: z
    .union([z.literal(''), trackingHost], { error: 'must be a host name such as click.shop.example' })
    .optional(),
  returnPath: z
    .union([z.literal(''), returnPath], { error: 'must be a host name such as bounce.shop.example' })
    .optional(),
  brandName: brand.shape.name,
  brandLogo: z
    .union([z.literal(''), brand.shape.logo.unwrap()], { error: 'must be an https address' })
    .optional(),
  pool: z.string().optional(),
});

async function setDomain(
  { settings, trackingTarget, feedback }: SettingsContext,
  args: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  if (isNothingGiven(options, setOptions)) return nothingToChange('domain set');
  const read = given.safeParse(options);
  if (!read.success) return misused(sayOptionIssues(read.error));
  const now = await settings.refresh();
  const { pool = '' } = read.data;
  const noPool = pool === '' ? undefined : unknownPool(now, [pool]);
  if (noPool !== undefined) return misused(noPool);
  const name = find(now, args['domain'])?.name ?? args['domain'] ?? '';
  const change = await settings.domains.change(name, (old) => withOptions(old, read.data));
  if (!change.ok) return failed(change.problem);
  const targets = { trackingTarget, feedback };
  const records = hostRecords(change.entry, targets);
  const publish = records.length === 0 ? '' : `\nPublish:\n\n${sayRecords(records)}`;
  return done(
    `Domain ${name} was changed.${publish}${sayNoTarget(change.entry, targets)}`,
    publicDomain(change.entry),
  );
}

function withOptions(domain: Domain, options: z.infer<typeof given>): Domain {
  const { trackingHost: oldHost, returnPath: oldPath, brand: oldBrand, pool: oldPool, ...rest } = domain;
  const mark = {
    ...some('name', options.brandName ?? oldBrand?.name),
    ...some('logo', options.brandLogo ?? oldBrand?.logo),
  };
  return {
    ...rest,
    ...some('trackingHost', options.trackingHost ?? oldHost),
    ...some('returnPath', options.returnPath ?? oldPath),
    ...some('pool', options.pool ?? oldPool),
    ...(Object.keys(mark).length === 0 ? {} : { brand: mark }),
  };
}

/** A field where there is something in it: "" removes it. */
function some<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  const field: Partial<Record<K, string>> = {};
  if (value !== undefined && value !== '') field[key] = value;
  return field;
}

async function checkOne(
  { settings, resolveTxt, resolveHost, resolveMx, trackingTarget, feedback }: SettingsContext,
  args: Readonly<Record<string, string>>,
): Promise<Result> {
  const now = await settings.refresh();
  const domain = find(now, args['domain']);
  if (!domain) return unknown(args['domain']);
  const checked = await Promise.all([
    checkDomain(domain, now, resolveTxt),
    checkTracking(domain, trackingTarget, resolveHost),
    checkReturnPath(domain, feedback?.domain, { resolveHost, resolveMx }),
  ]);
  const findings = checked.flat().filter((finding) => finding !== undefined);
  const isNeeded = ({ purpose }: RecordFinding): boolean => purpose !== 'spf' && purpose !== 'dmarc';
  const bad = findings.some((finding) => isNeeded(finding) && finding.state !== 'ok');
  const noTarget = sayNoTarget(domain, { trackingTarget, feedback });
  return { text: sayFindings(findings) + noTarget, data: findings, code: bad || noTarget !== '' ? 1 : 0 };
}

/** Where hosts of a domain lead to. */
type Targets = Pick<SettingsContext, 'trackingTarget' | 'feedback'>;

function allRecords(domain: Domain, settings: Settings, targets: Targets): readonly WantedRecord[] {
  return [...recordsFor(domain, settings), ...hostRecords(domain, targets)];
}

function hostRecords(domain: Domain, { trackingTarget, feedback }: Targets): readonly WantedRecord[] {
  const records = [trackingRecord(domain, trackingTarget), returnPathRecord(domain, feedback?.domain)];
  return records.filter((record) => record !== undefined);
}

function sayNext(name: string, { feedback }: Targets): string {
  const check = `Then: postino domain check ${name}`;
  if (!feedback) return check;
  const host = `bounce.${name}`;
  return `For SPF in your own domain, publish as well\n\n${host}. CNAME\n    ${feedback.domain}.\n\nand: postino domain set ${name} --return-path ${host}\n${check}`;
}

function sayNoTarget(
  { trackingHost: host, returnPath: path }: Domain,
  { trackingTarget, feedback }: Targets,
): string {
  const noTracking =
    host === undefined || trackingTarget !== undefined
      ? ''
      : `\n\nNothing is tracked under ${host} yet: set tracking.url in the configuration to the address under which the world reaches this relay's tracking listener.`;
  const noFeedback =
    path === undefined || feedback !== undefined
      ? ''
      : `\n\nNo bounces come to ${path} yet: set feedback.domain in the configuration.`;
  return noTracking + noFeedback;
}

function sayBrand({ brand: mark }: Domain): string {
  if (!mark) return '';
  return `; unsubscribe pages speak for ${mark.name ?? 'the domain'}${mark.logo === undefined ? '' : `, with ${mark.logo}`}\n\n`;
}

function find(settings: Settings, name = ''): Domain | undefined {
  return settings.domains.get(name.toLowerCase());
}

function unknown(name = ''): Result {
  return failed(`There is no domain called ${name}; "postino domain list" shows them all.`);
}

/** A domain without the private halves of its keys, sealed as they are. */
function publicDomain({ keys, ...domain }: Domain): Readonly<Record<string, unknown>> {
  return {
    ...domain,
    keys: keys.map(({ selector, algorithm, publicKey }) => ({ selector, algorithm, publicKey })),
  };
}

const SAYINGS = {
  ok: 'as it should be',
  missing: 'not there',
  different: 'there is another one',
  unknown: 'the DNS did not answer; try again',
} as const;

function sayFindings(findings: readonly RecordFinding[]): string {
  const rows = findings.map(({ name, purpose, state }) => [purpose, name, SAYINGS[state]]);
  const wrong = findings.filter(({ state }) => state === 'missing' || state === 'different');
  const publish = wrong.length > 0 ? `\n\nPublish:\n\n${sayRecords(wrong)}` : '';
  return table(['record', 'name', 'found'], rows, '') + publish;
}
