// Who came: mail providers' picture proxies, security scanners, mail programs and browsers, by their user agents.
import type { Event } from '../model/event.ts';
import { nameBrowser } from './browser.ts';
import { makeRecent } from './recent.ts';
import { isRobot } from './robots.ts';

export type Agent = Readonly<{
  device: NonNullable<Event['device']>;
  client?: string;
  os?: string;
  machine?: NonNullable<Event['machine']>;
}>;

type Known = Readonly<{ pattern: RegExp; client: string; machine?: Agent['machine'] }>;

/**
 * What the libraries do not know, or know as something else; the first match counts. Of people's own programs only the
 * client is said here: device and system are in the rest of their user agent.
 */
const TABLE: readonly Known[] = [
  { pattern: /GoogleImageProxy/, client: 'Gmail', machine: 'proxy' },
  // Gmail loads pictures ahead of some readers under this name, which no browser has had since 2015.
  { pattern: /Edge\/12\.246 Mozilla\/5\.0$/, client: 'Gmail', machine: 'proxy' },
  { pattern: /YahooMailProxy/, client: 'Yahoo Mail', machine: 'proxy' },
  // Apple Mail Privacy Protection loads every picture by a proxy, read or not, and says no more than this.
  { pattern: /^Mozilla\/5\.0$/, client: 'Apple Mail', machine: 'proxy' },
  { pattern: /(?:Outlook|Office)[ -]?(?:Image)?Proxy/i, client: 'Outlook', machine: 'proxy' },
  // Office asks a link's server what it is before it hands the link to a browser.
  {
    pattern: /Office (?:Existence|Protocol) Discovery|WebDAV-MiniRedir/,
    client: 'Office',
    machine: 'scanner',
  },
  { pattern: /BingPreview|SafeLinks|Microsoft ?Defender/i, client: 'Microsoft Defender', machine: 'scanner' },
  { pattern: /Barracuda/i, client: 'Barracuda', machine: 'scanner' },
  { pattern: /Mimecast/i, client: 'Mimecast', machine: 'scanner' },
  { pattern: /Proofpoint|URL ?Defense/i, client: 'Proofpoint', machine: 'scanner' },
  { pattern: /IronPort|Cisco ?Secure/i, client: 'Cisco', machine: 'scanner' },
  { pattern: /Symantec|MessageLabs/i, client: 'Symantec', machine: 'scanner' },
  { pattern: /Trend ?Micro|\bTMES\b/i, client: 'Trend Micro', machine: 'scanner' },
  {
    pattern: /Sophos|Forcepoint|Websense|FireEye|Trellix|Zscaler|Fortinet|FortiMail|F-Secure|Cloudmark/i,
    client: 'Security scanner',
    machine: 'scanner',
  },
  {
    pattern: /HeadlessChrome|PhantomJS|Playwright|Puppeteer|Selenium/i,
    client: 'Program',
    machine: 'scanner',
  },
  {
    pattern:
      /^(?:curl|Wget|python|Go-http-client|Java|libwww-perl|node|undici|axios|okhttp|aiohttp|PostmanRuntime)\b/i,
    client: 'Program',
    machine: 'scanner',
  },
  { pattern: /Thunderbird\//, client: 'Thunderbird' },
  { pattern: /Microsoft Outlook|ms-office|MSOffice|^Outlook-/i, client: 'Outlook' },
  { pattern: /\bAirmail\b/, client: 'Airmail' },
  { pattern: /^Spark\b|\bSparkDesktop\b/, client: 'Spark' },
  { pattern: /\bPostbox\//, client: 'Postbox' },
  { pattern: /\bEvolution\//, client: 'Evolution' },
  { pattern: /^K-9 Mail/, client: 'K-9 Mail' },
  { pattern: /^Mail\/[\d.]+ CFNetwork/, client: 'Apple Mail' },
  // Apple Mail shows HTML with WebKit and names neither a Safari version nor Safari itself.
  {
    pattern:
      /\((?:Macintosh|iPhone|iPad|iPod)[^)]*\) AppleWebKit\/[\d.]+ \(KHTML, like Gecko\)(?: Mobile\/\w+)?$/,
    client: 'Apple Mail',
  },
];

/** Characters of a user agent that are looked at and told in events. */
export const MAX_USER_AGENT = 512;
const MAX_KNOWN = 2000;

/** Makes the look-up, which remembers what it was asked last: there are few user agents and many hits. */
export function makeAgents(): (userAgent: string) => Agent {
  const known = makeRecent<Agent>(MAX_KNOWN);
  return (userAgent) => {
    const found = known.get(userAgent);
    if (found) return found;
    const agent = describeAgent(userAgent);
    known.set(userAgent, agent);
    return agent;
  };
}

/** What is known of a user agent. Pure but for what the libraries remember. */
export function describeAgent(text: string): Agent {
  const userAgent = text.slice(0, MAX_USER_AGENT).trim();
  const entry = TABLE.find(({ pattern }) => pattern.test(userAgent));
  // A proxy's user agent is made up: what it says of a device is nobody's device.
  if (entry?.machine) return { device: 'unknown', client: entry.client, machine: entry.machine };
  if (!entry && (userAgent === '' || isRobot(userAgent))) return { device: 'unknown', machine: 'scanner' };
  const { client = '', os, platform } = nameBrowser(userAgent);
  const name = entry?.client ?? (client === 'Mozilla' ? '' : client);
  return {
    device: isDevice(platform) ? platform : 'unknown',
    ...(name === '' ? {} : { client: name }),
    ...(os === undefined ? {} : { os }),
  };
}

const DEVICES = new Set<unknown>(['desktop', 'mobile', 'tablet', 'tv']);

function isDevice(platform: string | undefined): platform is Agent['device'] {
  return DEVICES.has(platform);
}
