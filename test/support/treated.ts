// A relay whose users' mail is treated, the letters that arrive from it as their readers see them, and visits to their links.
import { request } from 'node:http';
import { simpleParser } from 'mailparser';
import { expect } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import { arrivalOf, fieldsOf } from './arrival.ts';
import type { FakeMx, MxMessage } from './fake-mx.ts';
import { verify } from './letters.ts';
import { relayUsers, startRelay, type Relay } from './relay.ts';
import { idIn, sendMail, type Sending } from './sender.ts';
import { until } from './until.ts';
import { startWorld, type World } from './world.ts';

/** Where links of this relay point to; the listener itself is on a free port of loopback. */
export const LINKS = 'https://click.shop.example';
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

/** A letter that arrived. `html` and `text` are what a reader's program shows of it. */
export type Arrived = Readonly<{
  came: MxMessage;
  /** All bytes, as latin1. */
  raw: string;
  subject: string;
  to: readonly string[];
  html: string;
  text: string;
  attachments: readonly Readonly<{ name: string; content: Buffer }>[];
  fields(name: string): readonly string[];
  /** Tracked links, in HTML first. */
  links: Readonly<{ html: readonly string[]; text: readonly string[] }>;
  pixel: string | undefined;
  /** The https address of List-Unsubscribe. */
  unsubscribe: string | undefined;
}>;

export type Visit = Readonly<{ status: number; location: string | undefined; type: string; body: string }>;

export type Treated = Readonly<{
  /** "mail.test" and "shop.example" are at `good`; "retry.test" at `retry`, without TLS; "old.test" at `old`, 7 bits only. */
  world: World<'good' | 'retry' | 'old'>;
  relay: Relay;
  /** Sends as the user "shop" unless `user` says otherwise; resolves with the message's id, "" when it was refused. */
  send(sending: Outgoing): Promise<string>;
  /** The same, with all replies. */
  talk(sending: Outgoing): Promise<readonly string[]>;
  /** The letter for an address, once it is there. */
  arrived(to: string, mx?: FakeMx): Promise<Arrived>;
  /** Asks the tracking listener as a browser would that is led to it by the DNS. */
  visit(address: string, how?: Readonly<{ method?: string; body?: string; agent?: string }>): Promise<Visit>;
  /** The first event of this type about this address, once it is there. */
  event(type: Event['type'], recipient: string, ms?: number): Promise<Event>;
  /** What mailauth says of the signatures. */
  signatures(letter: Arrived): Promise<readonly string[]>;
  close(): Promise<void>;
}>;

export type Outgoing = Readonly<{
  rcpt: readonly string[];
  data: string | Buffer;
  user?: Sending['user'];
  mail?: string;
}>;

/** More users than "shop", with the same rights, and what each user's mail gets. */
export type Wanted = Readonly<{
  users: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  config?: Readonly<Record<string, unknown>>;
}>;

const { shop } = relayUsers;

/** The log-in of a user that `startTreated` was given. */
export const loginOf = (name: string): NonNullable<Sending['user']> => ({
  name,
  password: `${name}-Secret-17`,
});

/** Starts world and relay. All users send as shop.example, whose links are tracked under click.shop.example. */
export async function startTreated({ users, config = {} }: Wanted): Promise<Treated> {
  const world = await startWorld(
    {
      good: { name: 'mx.good.test', starttls: true, host: '127.0.0.41' },
      retry: { name: 'mx.retry.test', host: '127.0.0.42' },
      old: { name: 'mx.old.test', host: '127.0.0.43', keywords: ['SIZE 36000000'] },
    },
    {
      'shop.example': { mx: [[10, 'mx.good.test']] },
      'mail.test': { mx: [[10, 'mx.good.test']] },
      'mx.good.test': { a: ['127.0.0.41'] },
      'retry.test': { mx: [[10, 'mx.retry.test']] },
      'mx.retry.test': { a: ['127.0.0.42'] },
      'old.test': { mx: [[10, 'mx.old.test']] },
      'mx.old.test': { a: ['127.0.0.43'] },
    },
  );
  const relay = await startRelay({
    world,
    config: {
      tracking: { url: LINKS },
      domains: [{ name: 'shop.example', trackingHost: 'click.shop.example' }],
      users: Object.entries(users).map(([name, more]) => ({
        ...loginOf(name),
        domains: ['shop.example'],
        pool: 'shop',
        ...more,
      })),
      ...config,
    },
  });
  const talk = ({ rcpt, data, user = loginOf('shop'), mail = `orders@${shop.domain}` }: Outgoing) =>
    sendMail({ port: relay.ports.plain, user, mail, rcpt, data });
  return {
    world,
    relay,
    talk,
    send: async (sending) => idIn(await talk(sending)),
    arrived: async (to, mx = world.mx.good) => readLetter(await arrivalOf(mx, to, 20_000)),
    visit: (address, how) => visit(relay.ports.tracking, address, how),
    event: (type, recipient, ms) => eventOf(relay, type, recipient, ms),
    signatures: async ({ came }) => {
      const verdicts = await verify(came.data, await relay.dkimRecords(shop.domain));
      return verdicts.map(({ algorithm, domain, result }) => `${algorithm} ${domain} ${result}`);
    },
    close: async () => {
      await relay.close();
      await world.close();
    },
  };
}

/** Both signatures of shop.example, as `signatures` gives them. */
export const SIGNED = ['rsa-sha256 shop.example pass', 'ed25519-sha256 shop.example pass'];

/** Takes a letter apart with a parser that is none of ours. */
export async function readLetter(came: MxMessage): Promise<Arrived> {
  const parsed = await simpleParser(came.data, { skipTextToHtml: true, skipHtmlToText: true });
  const html = typeof parsed.html === 'string' ? parsed.html : '';
  const text = parsed.text ?? '';
  const mailboxes = [parsed.to ?? []].flat();
  const listed = fieldsOf(came, 'list-unsubscribe')[0];
  return {
    came,
    raw: came.data.toString('latin1'),
    subject: parsed.subject ?? '',
    to: mailboxes.flatMap(({ value }) => value.map(({ address }) => address ?? '')),
    html,
    text,
    attachments: parsed.attachments.map(({ filename, content }) => ({ name: filename ?? '', content })),
    fields: (name) => fieldsOf(came, name),
    links: { html: clicksIn(html), text: clicksIn(text) },
    pixel: /<img[^>]+src="(https?:\/\/[^"]+\/t\/o\/[^"]+)"/.exec(html)?.[1],
    unsubscribe: /<(https:[^>]+)>/.exec(listed ?? '')?.[1],
  };
}

function clicksIn(text: string): readonly string[] {
  return text.match(/https?:\/\/[\w.:-]+\/t\/c\/[\w-]+/g) ?? [];
}

async function visit(
  port: number,
  address: string,
  {
    method = 'GET',
    body,
    agent = BROWSER,
  }: Readonly<{ method?: string; body?: string; agent?: string }> = {},
): Promise<Visit> {
  const url = new URL(address);
  const form = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path: url.pathname + url.search,
        headers: { host: url.host, 'user-agent': agent, ...form },
      },
      (response) => {
        let said = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (said += chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location,
            type: response.headers['content-type'] ?? '',
            body: said,
          }),
        );
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

async function eventOf(relay: Relay, type: Event['type'], recipient: string, ms = 20_000): Promise<Event> {
  const find = (): Event | undefined =>
    relay.events().find((event) => event.type === type && event.recipient === recipient);
  await until(() => find() !== undefined, ms);
  const found = find();
  expect(found).toBeDefined();
  if (!found) throw new Error(`no event ${type} of ${recipient}`);
  return found;
}
