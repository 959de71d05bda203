// Sender domains: their DKIM keys made, sealed and opened, and the DNS records that must show them.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { dnsRecord, makeKeyPair, type DkimAlgorithm } from '../mail/dkim-key.ts';
import { toAsciiDomain } from '../mail/domain.ts';
import type { DkimKey, Domain, Settings, Transport } from '../model/settings.ts';
import type { Sealer } from './seal.ts';
import type { SettingsStore } from './settings.ts';
import type { Change } from './shelf.ts';

export type SigningKey = Readonly<{ algorithm: DkimAlgorithm; key: KeyObject }>;

/** A record to publish. DKIM's are needed; SPF and DMARC are recommended and depend on what else sends for the domain. */
export type WantedRecord = Readonly<{
  name: string;
  type: 'TXT' | 'CNAME' | 'A' | 'AAAA' | 'MX';
  value: string;
  purpose: 'dkim' | 'spf' | 'dmarc' | 'tracking' | 'return-path';
  note: string;
}>;

export type RecordFinding = WantedRecord &
  Readonly<{
    /** unknown: the DNS did not answer. */
    state: 'ok' | 'missing' | 'different' | 'unknown';
    found: readonly string[];
  }>;

/** TXT records of a name, strings joined; [] when there are none. Rejects when the DNS does not answer. */
export type ResolveTxt = (name: string) => Promise<readonly string[]>;

export type Domains = Readonly<{
  /** Adds a domain with an RSA and an Ed25519 key. */
  add(name: string, account: string): Promise<Change<Domain>>;
  /** Gives keys to a domain that has none (those of the configuration file at first start). */
  giveKeys(name: string): Promise<Change<Domain>>;
  /** The key to sign with; undefined when it is not ours or cannot be opened: then nothing may be sent unsigned. */
  signingKey(domain: string, selector: string): Promise<SigningKey | undefined>;
  /** The keys that mail of this domain is signed with; none when the domain is not ours. */
  signers(domain: string): readonly Readonly<{ domain: string; selector: string }>[];
}>;

export type DomainsDeps = Readonly<{
  settings: Pick<SettingsStore, 'domains' | 'latest'>;
  sealer: Sealer;
  clock: Clock;
}>;

/** Opens the domains' part of the store. */
export function openDomains({ settings, sealer, clock }: DomainsDeps): Domains {
  const opened = new Map<string, SigningKey>(); // by sealed text: a new key is a new entry
  const domainOf = (name: string): Domain | undefined => settings.latest()?.domains.get(name);
  return {
    add: async (name, account) => {
      const ascii = toAsciiDomain(name);
      if (ascii === undefined)
        return {
          ok: false,
          why: 'wrong',
          problem: `${name} is not a domain name; write it as shop.example.`,
        };
      const keys = await makeKeys(ascii, sealer, clock.now());
      return settings.domains.add({ v: 1, name: ascii, account, keys, origin: 'command' });
    },
    giveKeys: async (name) => {
      const keys = await makeKeys(name, sealer, clock.now());
      return settings.domains.change(
        name,
        (domain) => (domain.keys.length > 0 ? domain : { ...domain, keys }),
        'switch',
      );
    },
    signingKey: async (name, selector) => {
      const key = domainOf(name)?.keys.find((one) => one.selector === selector);
      if (!key) return undefined;
      const known = opened.get(key.sealedPrivateKey);
      if (known) return known;
      const pem = sealer.open(key.sealedPrivateKey, purposeOf(name, selector));
      if (pem === undefined) return undefined;
      const signing = { algorithm: key.algorithm, key: createPrivateKey(pem) };
      opened.set(key.sealedPrivateKey, signing);
      return signing;
    },
    signers: (name) => (domainOf(name)?.keys ?? []).map(({ selector }) => ({ domain: name, selector })),
  };
}

/** What to publish for a domain. SPF names the addresses that its mail leaves from. */
export function recordsFor(domain: Domain, settings: Settings): readonly WantedRecord[] {
  const keys = domain.keys.map((key) => ({
    ...dnsRecord(domain.name, key),
    purpose: 'dkim' as const,
    note: `${key.algorithm === 'rsa-sha256' ? 'RSA' : 'Ed25519'} key that signs your mail`,
  }));
  return [
    ...keys,
    {
      name: domain.name,
      type: 'TXT',
      value: spfOf(settings),
      purpose: 'spf',
      note: 'where it is your envelope sender; merge it with an SPF record that is there already',
    },
    {
      name: `_dmarc.${domain.name}`,
      type: 'TXT',
      value: 'v=DMARC1; p=none',
      purpose: 'dmarc',
      note: 'recommended; a stricter policy is fine once all your mail is signed',
    },
  ];
}

/** An SPF record that names the addresses that mail leaves from. */
export function spfOf({ transports }: Pick<Settings, 'transports'>): string {
  return ['v=spf1', ...addressesOf([...transports.values()]), '~all'].join(' ');
}

/** Compares the DNS with what should be there. */
export async function checkDomain(
  domain: Domain,
  settings: Settings,
  resolveTxt: ResolveTxt,
): Promise<readonly RecordFinding[]> {
  const wanted = recordsFor(domain, settings);
  return Promise.all(
    wanted.map(async (record) => {
      const found = await resolveTxt(record.name).catch(() => undefined);
      if (found === undefined) return { ...record, state: 'unknown' as const, found: [] };
      const mine = found.filter((text) => isOfPurpose(text, record));
      return { ...record, state: compare(record, mine), found: mine };
    }),
  );
}

function isOfPurpose(text: string, record: WantedRecord): boolean {
  const start = { dkim: '', spf: 'v=spf1', dmarc: 'v=dmarc1', tracking: '', 'return-path': '' }[
    record.purpose
  ];
  return text.toLowerCase().startsWith(start);
}

function compare(record: WantedRecord, found: readonly string[]): RecordFinding['state'] {
  if (found.length === 0) return 'missing';
  if (record.purpose === 'dmarc') return 'ok'; // any policy will do
  if (record.purpose === 'dkim')
    return found.some((text) => tagOf(text, 'p') === tagOf(record.value, 'p')) ? 'ok' : 'different';
  const mechanisms = record.value.split(' ').slice(1, -1);
  // RFC 7208 §4.5: more than one record is an error. Addresses behind an include: cannot be seen here.
  const [only] = found;
  if (found.length > 1 || only === undefined) return 'different';
  const has = only.toLowerCase().split(/\s+/);
  return mechanisms.every((one) => has.includes(one)) || /\b(include|redirect)[:=]/.test(only)
    ? 'ok'
    : 'different';
}

function tagOf(text: string, tag: string): string | undefined {
  const parts = text.split(';').map((part) => part.replace(/\s+/g, ''));
  return parts.find((part) => part.startsWith(`${tag}=`))?.slice(tag.length + 1);
}

function addressesOf(transports: readonly Transport[]): readonly string[] {
  // What goes through an upstream relay leaves from that one's addresses.
  const direct = transports.filter(({ via }) => via === undefined);
  const all = direct.flatMap((one) => [one.publicAddress ?? one.address, one.address6]);
  const known = [...new Set(all.filter((address) => address !== undefined))].sort();
  return known.map((address) => (address.includes(':') ? `ip6:${address.toLowerCase()}` : `ip4:${address}`));
}

/** Both algorithms: RSA for everybody, Ed25519 beside it for who can. Selectors carry the month they were made in. */
async function makeKeys(domain: string, sealer: Sealer, now: EpochMs): Promise<DkimKey[]> {
  const month = new Date(now).toISOString().slice(0, 7).replace('-', '');
  const one = async (algorithm: DkimAlgorithm, letter: string): Promise<DkimKey> => {
    const selector = `po${month}${letter}`;
    const { privateKeyPem, publicKey } = await makeKeyPair(algorithm);
    return {
      selector,
      algorithm,
      sealedPrivateKey: sealer.seal(privateKeyPem, purposeOf(domain, selector)),
      publicKey,
    };
  };
  return Promise.all([one('rsa-sha256', 'r'), one('ed25519-sha256', 'e')]);
}

function purposeOf(domain: string, selector: string): string {
  return `dkim ${domain} ${selector}`;
}
