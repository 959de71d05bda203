// Is this installation fit to take and send mail? Every finding is a sentence that says what to do.
import type { Resolver } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { canBind } from '../deliver/transports/source.ts';
import type { Config } from '../config.ts';
import { isLoopbackName } from '../http/tracking-config.ts';
import type { Clock } from '../lib/clock.ts';
import { openResolver } from '../lib/resolver.ts';
import type { Redis } from '../lib/script.ts';
import type { Settings, Transport, User } from '../model/settings.ts';
import type { Ask } from '../monitor/answer.ts';
import { openAsk } from '../monitor/ask.ts';
import { checkIdentity } from '../monitor/identity.ts';
import { readProviders } from '../roles/shaping.ts';
import { checkDurability } from '../store/durability.ts';
import { sharedAddressFindings } from './check-addresses.ts';
import { securityFindings } from './check-security.ts';
import { idlePools, sayIdlePool } from './pool.ts';
import { reasonOf } from '../lib/reason.ts';

export type CheckVerbs = Readonly<{
  config: Config;
  /** Absent while the embedded Redis is not running: what can be told without it is told. */
  redis?: Redis;
  settingsNow(): Pick<Settings, 'transports' | 'users' | 'domains'>;
  clock: Clock;
  /** What Redis' clock is ahead of ours, milliseconds. */
  clockOffset(): number;
}>;

export type CheckedPart = Readonly<{ name: string; state: 'ok' | 'warning' | 'problem'; sentence: string }>;

const MIN_FREE_BYTES = 500_000_000;
const MAX_OFFSET_MS = 5_000;
/** Somebody waits: a DNS that does not answer soon is a finding. */
const BRIEFLY = { timeout: 3_000, tries: 1 };

/** Looks at the configuration, Redis, the disk, DNS, source addresses and clocks. */
export async function checkAll(context: CheckVerbs): Promise<readonly CheckedPart[]> {
  const { config } = context;
  return [
    ok(
      'configuration',
      `${config.file ?? 'No file'}: ${config.file === undefined ? 'defaults are used' : 'in order'}.`,
    ),
    await redisFinding(context),
    await diskFinding(config.data),
    ...(context.redis ? [clockFinding(context.clockOffset())] : []),
    ...(await transportFindings(context)),
    ...(await nameFindings(context)),
    ...providersFindings(config),
    ...(await securityFindings(context, BRIEFLY)),
    ...trackingFindings(context),
    ...(await feedbackFindings(context)),
  ];
}

async function redisFinding({ redis, config }: CheckVerbs): Promise<CheckedPart> {
  if (!redis)
    return warning(
      'redis',
      'Postino is not running; its own Redis starts with it. Entries made by commands are not checked.',
    );
  const found = await checkDurability(redis, config.durability);
  return found.ok ? ok('redis', 'Answers, and keeps what it acknowledges.') : problem('redis', found.problem);
}

async function diskFinding(data: string): Promise<CheckedPart> {
  // Before the first start the folder is not there yet; it will be on the disk of the one above.
  let folder = data;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const sentence = `${Math.round(free / 1e6)} MB are free in ${data}.`;
  return free < MIN_FREE_BYTES
    ? warning('disk', `${sentence} Make room: a full disk stops the intake of mail.`)
    : ok('disk', sentence);
}

function clockFinding(offsetMs: number): CheckedPart {
  const sentence = `This host and Redis are ${Math.round(Math.abs(offsetMs))} ms apart.`;
  return Math.abs(offsetMs) > MAX_OFFSET_MS
    ? warning('clock', `${sentence} Set both by NTP.`)
    : ok('clock', sentence);
}

async function transportFindings({ settingsNow, config, redis }: CheckVerbs): Promise<CheckedPart[]> {
  const transports = [...settingsNow().transports.values()];
  if (transports.length === 0 && !redis)
    return [
      config.users.length === 0
        ? ok('transports', 'The file declares none; the first start then makes a sandbox.')
        : warning('transports', 'The file declares none: mail waits where no command has made one.'),
    ];
  if (transports.length === 0)
    return [problem('transports', 'There is none, so nothing can be sent: "postino transport add".')];
  const resolver = openResolver({ ...config.dns, ...BRIEFLY });
  const ask = openAsk({ ...config.dns, ...BRIEFLY });
  const found = transports.map(
    async (transport) =>
      (await publicFinding(transport, ask, config.hostname)) ??
      (await transportFinding(transport, resolver, config.hostname)),
  );
  const idle = idlePools(settingsNow()).map((one) => warning(`pool ${one.pool}`, sayIdlePool(one)));
  return [...(await Promise.all(found)), ...sharedAddressFindings(transports), ...idle];
}

/** What the world sees of it, looked at as the monitor does; undefined where it sees nothing, or nothing can leave. */
async function publicFinding(
  transport: Transport,
  ask: Ask,
  hostname: string,
): Promise<CheckedPart | undefined> {
  const { name, address } = transport;
  if (address === undefined || !canBind(address)) return undefined;
  const identity = await checkIdentity(transport, hostname, ask);
  if (identity.length === 0) return undefined;
  const wrong = identity.filter(({ state }) => state !== 'ok').map(({ sentence }) => sentence);
  const label = `transport ${name}`;
  return wrong.length > 0
    ? warning(label, `Sends from ${address}. ${wrong.join(' ')} Many hosts refuse mail otherwise.`)
    : ok(label, `Sends from ${address}; its names and its address agree.`);
}

/** The address is on this host, and the world's idea of it fits: reverse DNS names the EHLO name (RFC 5321 §4.1.4). */
async function transportFinding(
  transport: Transport,
  resolver: Resolver,
  hostname: string,
): Promise<CheckedPart> {
  const { name, kind, address, publicAddress } = transport;
  const label = `transport ${name}`;
  if (kind === 'sandbox' || address === undefined) return ok(label, 'Catches mail; sends nothing.');
  if (!canBind(address))
    return problem(
      label,
      `${address} is not an address of this host ("ip addr" shows those); its mail waits.`,
    );
  const ehlo = (transport.ehlo ?? hostname).toLowerCase();
  const seen = publicAddress ?? address;
  const names = await resolver.reverse(seen).catch(() => undefined);
  if (!names)
    return warning(
      label,
      `Sends from ${address}; the reverse DNS of ${seen} cannot be read. It should name ${ehlo}.`,
    );
  const matches = names.some((found) => found.toLowerCase() === ehlo);
  if (!matches)
    return warning(
      label,
      `The reverse DNS of ${seen} is ${names.join(', ')} and should be ${ehlo}; many hosts refuse mail otherwise.`,
    );
  return ok(label, `Sends from ${address}; its reverse DNS is ${ehlo}.`);
}

async function nameFindings({ config, settingsNow }: CheckVerbs): Promise<CheckedPart[]> {
  const names = new Set([
    config.hostname,
    ...[...settingsNow().transports.values()].flatMap(({ ehlo }) => ehlo ?? []),
  ]);
  const resolver = openResolver({ ...config.dns, ...BRIEFLY });
  return Promise.all(
    [...names].map(async (name) => {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
      const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      if (found.length > 0) return ok(`name ${name}`, `Is ${found.join(', ')} in the DNS.`);
      return warning(
        `name ${name}`,
        'Has no address in the DNS (or the DNS does not answer); publish an A record.',
      );
    }),
  );
}

/** What users were given needs links, and links need an address that recipients can reach. */
function trackingFindings({ config, settingsNow }: CheckVerbs): CheckedPart[] {
  const { transports, users, domains } = settingsNow();
  const isLocal = isLoopbackName(new URL(config.tracking.url).hostname);
  const leaves = [...transports.values()].some(({ kind }) => kind !== 'sandbox');
  if (!isLocal || !leaves) return [];
  const wanting = [
    ...[...users.values()].filter(wantsLinks).map(({ name }) => `user ${name}`),
    ...[...domains.values()].filter(({ trackingHost }) => trackingHost).map(({ name }) => `domain ${name}`),
  ];
  if (wanting.length === 0) return [];
  return [
    warning(
      'tracking',
      `Letters get no pixels, tracked links or pages to unsubscribe, which ${wanting.join(', ')} should have: set tracking.url to the address under which recipients reach this host.`,
    ),
  ];
}

function wantsLinks({ defaults, rules }: User): boolean {
  return [defaults, ...rules.map(({ set }) => set)].some(
    ({ opens, clicks, unsubscribe }) =>
      opens === true || unsubscribe === true || (clicks !== undefined && clicks !== 'none'),
  );
}

/** The operator's own file of providers, where there is one. */
function providersFindings({ delivery: { providers } }: Config): CheckedPart[] {
  if (providers === undefined) return [];
  try {
    const { all } = readProviders(providers);
    return [ok('providers', `${providers}: in order, ${all.length} providers in all.`)];
  } catch (error) {
    const sentence = reasonOf(error);
    return [{ name: 'providers', state: 'problem', sentence }];
  }
}

/** Letters name an address in that domain: it has to reach us. */
async function feedbackFindings({ config }: CheckVerbs): Promise<CheckedPart[]> {
  if (!config.feedback) return [];
  const { domain } = config.feedback;
  const label = `feedback ${domain}`;
  const hosts = await openResolver({ ...config.dns, ...BRIEFLY })
    .resolveMx(domain)
    .catch(() => []);
  const names = hosts.map(({ exchange }) => exchange.toLowerCase());
  if (names.includes(config.hostname.toLowerCase()))
    return [ok(label, `Its mail comes to ${config.hostname}.`)];
  const found =
    names.length > 0
      ? `Its MX is ${names.join(', ')}`
      : 'Has no MX record in the DNS (or the DNS does not answer)';
  return [
    warning(
      label,
      `${found}; publish "${domain}. MX 10 ${config.hostname}." or make sure that its port 25 leads here.`,
    ),
  ];
}

const ok = (name: string, sentence: string): CheckedPart => ({ name, state: 'ok', sentence });
const warning = (name: string, sentence: string): CheckedPart => ({ name, state: 'warning', sentence });
const problem = (name: string, sentence: string): CheckedPart => ({ name, state: 'problem', sentence });
