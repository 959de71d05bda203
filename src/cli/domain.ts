// postino domain …: sender domains, their DKIM keys and the DNS records to publish.
import type { Domain, Settings } from '../model/settings.ts';
import { checkDomain, recordsFor, type RecordFinding, type WantedRecord } from '../store/domains.ts';
import { done, failed, table, textOf, type Result } from './command.ts';
import type { SettingsCommand } from './context.ts';

export const domainCommands: readonly SettingsCommand[] = [
  {
    words: 'domain add <domain>',
    summary: 'Sign for a domain: makes its keys and prints the DNS records to publish.',
    options: [{ flags: '--account <name>', summary: 'the account it belongs to (default: default)' }],
    run: async (context, { domain = '' }, options) => {
      const change = await context.domains.add(domain, textOf(options, 'account') ?? 'default');
      if (!change.ok) return failed(change.problem);
      const records = recordsFor(change.entry, await context.settings.refresh());
      const next = `Then: postino domain check ${change.entry.name}`;
      return done(
        `Domain ${change.entry.name} was added. Publish these records:\n\n${sayRecords(records)}\n\n${next}`,
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
    run: async ({ settings }, args) => {
      const now = await settings.refresh();
      const domain = find(now, args['domain']);
      if (!domain) return unknown(args['domain']);
      const records = recordsFor(domain, now);
      return done(sayRecords(records), { ...publicDomain(domain), records });
    },
  },
  {
    words: 'domain check <domain>',
    summary: 'Compare the DNS with what should be there; fails when a key is not published.',
    run: async ({ settings, resolveTxt }, args) => {
      const now = await settings.refresh();
      const domain = find(now, args['domain']);
      if (!domain) return unknown(args['domain']);
      const findings = await checkDomain(domain, now, resolveTxt);
      const bad = findings.some((finding) => finding.purpose === 'dkim' && finding.state !== 'ok');
      return { text: sayFindings(findings), data: findings, code: bad ? 1 : 0 };
    },
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

function sayRecords(records: readonly WantedRecord[]): string {
  return records
    .map(({ name, type, value, note }) => `; ${note}\n${name}. ${type}\n    ${value}`)
    .join('\n\n');
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
