// postino domain …: sender domains, their DKIM keys and the DNS records to publish.
import { z } from 'zod';
import { brand, returnPath, trackingHost } from '../config/entries.ts';
import type { Domain } from '../model/settings.ts';
import type { RecordFinding } from '../store/domains.ts';
import {
  addDomain,
  changeDomain,
  checkDomainNow,
  listDomains,
  publicDomain,
  removeDomain,
  showDomain,
  type ShownDomain,
  type Targets,
} from '../verbs/domain.ts';
import {
  accountOf,
  declined,
  done,
  isNothingGiven,
  misused,
  nothingToChange,
  table,
  type Option,
  type Result,
  type Values,
} from './command.ts';
import type { SettingsCommand, SettingsContext } from './context.ts';
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
      const change = await addDomain(context, domain, accountOf(options));
      if (!change.ok) return declined(change);
      const { records } = change.value;
      const { name } = change.value.domain;
      return done(
        `Domain ${name} was added. Publish these records:\n\n${sayRecords(records)}\n\n${sayNext(name, context)}`,
        { ...publicDomain(change.value.domain), records },
      );
    },
  },
  {
    words: 'domain list',
    summary: 'List the domains.',
    run: async (context) => {
      const domains = await listDomains(context);
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
    run: async (context, args) => {
      const shown = await showDomain(context, args['domain'] ?? '');
      if (!shown.ok) return declined(shown);
      const { domain, records } = shown.value;
      const text = `${sayBrand(domain)}${sayRecords(records)}${sayLacks(shown.value)}`;
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
    run: async (context, args) => {
      const checked = await checkDomainNow(context, args['domain'] ?? '');
      if (!checked.ok) return declined(checked);
      const { findings, isGood } = checked.value;
      return { text: sayFindings(findings) + sayLacks(checked.value), data: findings, code: isGood ? 0 : 1 };
    },
  },
  {
    words: 'domain remove <domain>',
    summary: 'Remove a domain with its keys; its mail is then not signed.',
    run: async (context, args) => {
      const removal = await removeDomain(context, args['domain'] ?? '');
      if (!removal.ok) return declined(removal);
      const { name, users } = removal.value;
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
  context: SettingsContext,
  args: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  if (isNothingGiven(options, setOptions)) return nothingToChange('domain set');
  const read = given.safeParse(options);
  if (!read.success) return misused(sayOptionIssues(read.error));
  const change = await changeDomain(context, args['domain'] ?? '', (old) => withOptions(old, read.data));
  if (!change.ok) return declined(change);
  const { domain, records } = change.value;
  const publish = records.length === 0 ? '' : `\nPublish:\n\n${sayRecords(records)}`;
  return done(`Domain ${domain.name} was changed.${publish}${sayLacks(change.value)}`, publicDomain(domain));
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

function sayNext(name: string, { feedback }: Pick<Targets, 'feedback'>): string {
  const check = `Then: postino domain check ${name}`;
  if (!feedback) return check;
  const host = `bounce.${name}`;
  return `For SPF in your own domain, publish as well\n\n${host}. CNAME\n    ${feedback.domain}.\n\nand: postino domain set ${name} --return-path ${host}\n${check}`;
}

function sayLacks({
  domain: { trackingHost = '', returnPath: path = '' },
  lacks,
}: Pick<ShownDomain, 'domain' | 'lacks'>): string {
  const sayings = {
    'tracking.url': `\n\nNothing is tracked under ${trackingHost} yet: set tracking.url in the configuration to the address under which the world reaches this relay's tracking listener.`,
    'feedback.domain': `\n\nNo bounces come to ${path} yet: set feedback.domain in the configuration.`,
  };
  return lacks.map((lack) => sayings[lack]).join('');
}

function sayBrand({ brand: mark }: Domain): string {
  if (!mark) return '';
  return `; unsubscribe pages speak for ${mark.name ?? 'the domain'}${mark.logo === undefined ? '' : `, with ${mark.logo}`}\n\n`;
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
