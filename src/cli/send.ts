// postino send: a test message, taken like any other and sent on its way.
import type { SubmitRequest, Submitted } from '../backlog/submit.ts';
import { readMail, readRcpt } from '../accept/envelope.ts';
import { makeTake, type Take, type TakeDeps } from '../accept/take.ts';
import { makeTally } from '../accept/tally.ts';
import { scanHeaders } from '../mail/headers.ts';
import { mailDate } from '../mail/date.ts';
import { encodedWords } from '../mail/encode.ts';
import { hash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Settings, User } from '../model/settings.ts';
import { done, failed, misused, textOf, type Command, type Result, type Values } from './command.ts';

export type SendContext = Readonly<{
  hostname: string;
  clock: Clock;
  log: Log;
  settingsNow(): Settings;
  submit(request: SubmitRequest): Promise<Submitted>;
  /** Where tracked links point to. */
  links: TakeDeps['links'];
}>;

export const sendCommands: readonly Command<SendContext>[] = [
  {
    words: 'send <to>',
    summary: 'Send a test message.',
    options: [
      { flags: '--user <name>', summary: 'the user who sends it (default: the only one)' },
      { flags: '--from <address>', summary: 'its From and sender (default: an address of the user)' },
      { flags: '--subject <text>', summary: 'its subject' },
      { flags: '--text <text>', summary: 'its text' },
    ],
    run: (context, { to = '' }, options) => send(context, to, options),
  },
];

async function send(context: SendContext, to: string, options: Values): Promise<Result> {
  const { clock, hostname } = context;
  const user = userOf(context.settingsNow(), textOf(options, 'user'));
  if (typeof user === 'string') return misused(user);
  const from = textOf(options, 'from') ?? user.senders[0] ?? defaultFrom(user, hostname);
  const sender = readMail(`FROM:<${from}>`, true);
  const recipient = readRcpt(`TO:<${to}>`, false);
  if (!sender.ok) return misused(`--from ${from}: ${sender.reply.text}.`);
  if (!recipient.ok) return misused(`${to}: ${recipient.reply.text}.`);
  const text = compose(options, { from, to, at: clock.now() });
  const block = scanHeaders(text);
  const reply = await takeOf(context)({
    user,
    sender: sender.value,
    recipients: [recipient.value],
    message: {
      size: text.length,
      eightBit: false,
      header: text.subarray(0, block.size),
      block,
      digest: hash('sha256', text),
      bytes: text,
    },
    received: { helo: 'localhost', address: '127.0.0.1', protocol: 'LMTP' },
  });
  const id = /queued as (\S+)/.exec(reply.text)?.[1];
  if (reply.code !== 250 || id === undefined)
    return failed(`Not taken: ${reply.code} ${reply.status} ${reply.text}`);
  return done(`Queued as ${id}. "postino message show ${id}" tells what becomes of it.`, { id });
}

function userOf(settings: Settings, name: string | undefined): User | string {
  const users = [...settings.users.values()];
  if (name === undefined) {
    const [only, ...others] = users;
    if (only && others.length === 0) return only;
    return only
      ? `Say who sends it: --user ${users.map((user) => user.name).join(' | ')}`
      : 'There is no user yet: "postino user add".';
  }
  return settings.users.get(name) ?? `There is no user called ${name}; "postino user list" shows them all.`;
}

function defaultFrom(user: User, hostname: string): string {
  const domain = user.domains.find((one) => one !== '*')?.replace('*.', '');
  return `postino@${domain ?? hostname}`;
}

function compose(
  options: Values,
  { from, to, at }: Readonly<{ from: string; to: string; at: number }>,
): Buffer {
  const subject = textOf(options, 'subject') ?? 'A test of Postino';
  const text = textOf(options, 'text') ?? 'If you can read this, it works.';
  const fields = [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${encodedWords(subject)}`,
    `Date: ${mailDate(at)}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
  ];
  const body = Buffer.from(`${text}\r\n`).toString('base64').replace(/.{76}/g, '$&\r\n');
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\n${body}\r\n`);
}

function takeOf({ hostname, clock, log, submit, settingsNow, links }: SendContext): Take {
  const reserve = (): Promise<{ kind: 'now' }> => Promise.resolve({ kind: 'now' });
  const deps = { hostname, clock, log, submit, reserve, links, settings: settingsNow };
  return makeTake({ ...deps, maxRecipients: 1, tally: makeTally() });
}
