// Programs that send one message from the command line: swaks, msmtp, curl.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateOf, portFor, run, type Client, type Errand, type Sent } from './client.ts';
import { writeMessage } from './letter.ts';

type Way = Pick<Client, 'tls' | 'auth'>;
type CommandFor = (errand: Errand, way: Way, file: string) => readonly string[];

const TLS = ['none', 'starttls', 'implicit'] as const;
const MECHANISMS = ['PLAIN', 'LOGIN'] as const;
const every: readonly Way[] = TLS.flatMap((tls) => MECHANISMS.map((auth) => ({ tls, auth })));

export const commands: readonly Client[] = [
  ...[...every, { tls: 'none', auth: 'by address' } as const].map((way): Client =>
    client('swaks', '/usr/bin/swaks', way, swaks),
  ),
  ...(
    [
      { tls: 'starttls', auth: 'PLAIN' },
      { tls: 'implicit', auth: 'LOGIN' },
      { tls: 'starttls', auth: 'by address' },
    ] as const
  ).map((way): Client => client('msmtp', '/usr/bin/msmtp', way, msmtp)),
  ...(
    [
      { tls: 'starttls', auth: 'PLAIN' },
      { tls: 'implicit', auth: 'LOGIN' },
      { tls: 'none', auth: 'PLAIN' },
    ] as const
  ).map((way): Client => client('curl', '/usr/bin/curl', way, curl)),
];

function client(name: string, program: string, way: Way, commandFor: CommandFor): Client {
  return {
    name,
    ...way,
    user: 'shop',
    needs: [program],
    send: async (errand): Promise<Sent> => {
      const raw = writeMessage(errand.letter, errand);
      const file = join(errand.folder, 'message.eml');
      // swaks sends CRLF . CRLF after the file, whatever it ends with.
      writeFileSync(file, name === 'swaks' ? raw.subarray(0, -2) : raw);
      const { said } = await run([program, ...commandFor(errand, way, file)], { input: raw });
      const log = join(errand.folder, 'log');
      return { raw, said: existsSync(log) ? said + readFileSync(log, 'utf8') : said };
    },
  };
}

function swaks({ relay, user, from, to, bcc }: Errand, { tls, auth }: Way, file: string): readonly string[] {
  const security = { none: [], starttls: ['--tls'], implicit: ['--tlsc'] }[tls];
  const identity =
    auth === 'by address'
      ? ['--local-interface', user.networks[0]?.split('/')[0] ?? '']
      : ['--auth', auth, '--auth-user', user.name, '--auth-password', user.password];
  const server = ['--server', '127.0.0.1', '--port', String(portFor(relay, tls)), '--timeout', '15'];
  return [...server, ...security, ...identity, '--from', from, '--to', `${to},${bcc}`, '--data', `@${file}`];
}

function msmtp({ relay, user, from, to, bcc, folder }: Errand, { tls, auth }: Way): readonly string[] {
  const identity =
    auth === 'by address'
      ? ['auth off', `source_ip ${user.networks[0]?.split('/')[0]}`]
      : [`auth ${auth.toLowerCase()}`, `user ${user.name}`, `password ${user.password}`];
  const lines = [
    'account default',
    'host 127.0.0.1',
    `port ${portFor(relay, tls)}`,
    'timeout 15',
    `tls ${tls === 'none' ? 'off' : 'on'}`,
    `tls_starttls ${tls === 'starttls' ? 'on' : 'off'}`,
    `tls_trust_file ${certificateOf(relay)}`,
    'tls_host_override relay.test',
    ...identity,
    `logfile ${join(folder, 'log')}`,
    'undisclosed_recipients off',
    'remove_bcc_headers off',
  ];
  writeFileSync(join(folder, 'msmtprc'), `${lines.join('\n')}\n`, { mode: 0o600 });
  return ['--file', join(folder, 'msmtprc'), '--from', from, '--', to, bcc];
}

function curl({ relay, user, from, to, bcc }: Errand, { tls, auth }: Way, file: string): readonly string[] {
  const port = portFor(relay, tls);
  const server = `${tls === 'implicit' ? 'smtps' : 'smtp'}://relay.test:${port}/client.example`;
  const general = ['--verbose', '--silent', '--max-time', '15', '--resolve', `relay.test:${port}:127.0.0.1`];
  const security = tls === 'none' ? [] : ['--ssl-reqd', '--cacert', certificateOf(relay)];
  const identity = ['--user', `${user.name}:${user.password}`, '--login-options', `AUTH=${auth}`];
  const envelope = ['--mail-from', from, '--mail-rcpt', to, '--mail-rcpt', bcc];
  return [...general, ...security, ...identity, ...envelope, '--upload-file', file, '--url', server];
}
