// What EHLO offers, and what our Received field will say of the client (RFC 5321 §4.1.1.1 and §4.4). Pure.
import type { EpochMs } from '../lib/clock.ts';
import { SCHEDULE_AHEAD_MS, type User } from '../model/settings.ts';
import type { Submission } from '../model/submission.ts';
import { MIN_BY_SECONDS } from './parameters.ts';
import type { Reply } from './replies.ts';

export type Offer = Readonly<{
  hostname: string;
  maxMessageBytes: number;
  starttls: boolean;
  auth: boolean;
  /** The session is under TLS. */
  isSecure: boolean;
  now: EpochMs;
  /** Whose session it is, where that is known already. */
  user: User | Reply;
}>;

/** How a client came: its name, address and whether it was encrypted and logged in. */
export type Client = Readonly<{
  helo: string | undefined;
  /** It said EHLO, not HELO. */
  extended: boolean;
  address: string;
  tls: string | undefined;
  loggedIn: boolean;
}>;

const MAX_HELO = 255; // RFC 5321 §4.5.3.1.2
const MAX_HOLD_SECONDS = 999_999_999; // RFC 4865 §4

/** Lines of the answer to EHLO. */
export function ehloLines(offer: Offer): readonly string[] {
  const { hostname, maxMessageBytes, starttls, auth, isSecure } = offer;
  return [
    hostname,
    'PIPELINING',
    `SIZE ${maxMessageBytes}`,
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    ...(starttls ? ['STARTTLS'] : []),
    ...(auth ? ['AUTH PLAIN LOGIN'] : []),
    futureRelease(offer),
    'MT-PRIORITY',
    `DELIVERBY ${MIN_BY_SECONDS}`,
    ...(isSecure ? ['REQUIRETLS'] : []), // RFC 8689 §2
    'DSN',
  ];
}

/** RFC 4865 §3: the longest hold in seconds, and the date that it ends on. */
function futureRelease({ now, user }: Offer): string {
  const aheadMs = 'code' in user ? SCHEDULE_AHEAD_MS : user.scheduleAhead;
  const seconds = Math.min(Math.floor(aheadMs / 1000), MAX_HOLD_SECONDS);
  const until = new Date(now + seconds * 1000).toISOString().slice(0, 19);
  return `FUTURERELEASE ${seconds} ${until}Z`;
}

/** True for the first line of a web request: a page can make a browser send a form to a mail port. */
export function isHttp(line: string): boolean {
  return /^(?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS|TRACE|CONNECT) (?:\/|.*HTTP\/\d)/.test(line);
}

/** A client's name as it may be shown: devices send anything or nothing. */
export function cleanHelo(argument: string): string {
  return argument.slice(0, MAX_HELO).replace(/[^\w.:[\]-]/g, '?') || 'unknown';
}

/** Facts for the Received field; the protocol by RFC 3848 and RFC 6531 §4.3. */
export function receivedFacts(client: Client, smtputf8: boolean): Submission['received'] {
  const extended = `${smtputf8 ? 'UTF8SMTP' : 'ESMTP'}${client.tls ? 'S' : ''}${client.loggedIn ? 'A' : ''}`;
  return {
    helo: client.helo ?? 'unknown',
    address: client.address,
    protocol: client.extended ? extended : 'SMTP',
    ...(client.tls === undefined ? {} : { tls: client.tls }),
  };
}
