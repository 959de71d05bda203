// Mail servers that use the relay as their smart host: Postfix and Exim, by password over STARTTLS and by address.
import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { certificateOf, portFor, run, UNPACKED, type Client, type Errand, type Sent } from './client.ts';
import { writeMessage } from './letter.ts';

const EXIM = join(UNPACKED, 'exim/usr/sbin/exim4');
const POSTFIX = '/usr/sbin/postfix';
const MASTER = '/etc/postfix/master.cf.proto';
const SASL = globSync('/usr/lib/*/sasl2/libplain.so')[0] ?? '/usr/lib/sasl2/libplain.so';
const SETTLED_MS = 25_000;

type Way = Pick<Client, 'tls' | 'auth'>;

const server = (
  name: string,
  needs: readonly string[],
  way: Way,
  send: (errand: Errand, way: Way) => Promise<Sent>,
): Client => ({ name, ...way, user: 'office', isServer: true, needs, send: (errand) => send(errand, way) });

const isRoot = process.getuid?.() === 0;
/** Both change to users of their own, which only root can do. */
const root = isRoot ? [] : ['/root (these tests must run as root)'];

export const servers: readonly Client[] = [
  server('Postfix relayhost', [...root, POSTFIX, MASTER, SASL], { tls: 'starttls', auth: 'PLAIN' }, postfix),
  server('Postfix relayhost', [...root, POSTFIX, MASTER], { tls: 'none', auth: 'by address' }, postfix),
  server('Exim smarthost', [...root, EXIM], { tls: 'starttls', auth: 'PLAIN' }, exim),
  server('Exim smarthost', [...root, EXIM], { tls: 'starttls', auth: 'LOGIN' }, exim),
  server('Exim smarthost', [...root, EXIM], { tls: 'none', auth: 'by address' }, exim),
];

async function postfix(errand: Errand, way: Way): Promise<Sent> {
  const { folder } = errand;
  const etc = join(folder, 'etc');
  for (const name of ['etc', 'queue', 'data']) mkdirSync(join(folder, name));
  const { uid, gid } = statOf('postfix');
  chownSync(join(folder, 'data'), uid, gid);
  writeFileSync(join(etc, 'main.cf'), `${postfixSettings(errand, way).join('\n')}\n`);
  writeFileSync(
    join(etc, 'sasl'),
    `[127.0.0.1]:${portFor(errand.relay, way.tls)} ${errand.user.name}:${errand.user.password}\n`,
  );
  writeFileSync(join(etc, 'master.cf'), masterFile());
  for (const name of ['postfix-files', 'dynamicmaps.cf', 'dynamicmaps.cf.d'])
    if (existsSync(`/etc/postfix/${name}`))
      cpSync(`/etc/postfix/${name}`, join(etc, name), { recursive: true });
  const raw = writeMessage(errand.letter, errand);
  const log = join(folder, 'maillog');
  const daemon = spawn(POSTFIX, ['-c', etc, 'start-fg'], {
    stdio: 'ignore',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  try {
    await until(() => logIn(log).includes('daemon started'));
    const { said } = await run(
      ['/usr/sbin/sendmail', '-C', etc, '-i', '-f', errand.from, errand.to, errand.bcc],
      { input: withLf(raw) },
    );
    // Its bounce, if there is one, is in the queue before the message leaves it.
    await until(() => logIn(log).includes(': removed') && isQueueEmpty(join(folder, 'queue')));
    return { raw, said: said + logIn(log) };
  } finally {
    await run([POSTFIX, '-c', etc, 'stop']);
    await end(daemon, ['SIGTERM', 'SIGKILL']);
  }
}

function postfixSettings({ relay, user, folder }: Errand, { tls, auth }: Way): readonly string[] {
  const sasl =
    auth === 'by address'
      ? [`smtp_bind_address = ${user.networks[0]?.split('/')[0]}`]
      : [
          'smtp_sasl_auth_enable = yes',
          `smtp_sasl_password_maps = texthash:${join(folder, 'etc', 'sasl')}`,
          'smtp_sasl_security_options = noanonymous',
          `smtp_sasl_mechanism_filter = ${auth.toLowerCase()}`,
        ];
  const security =
    tls === 'none'
      ? ['smtp_tls_security_level = none']
      : [
          'smtp_tls_security_level = secure',
          'smtp_tls_secure_cert_match = relay.test',
          `smtp_tls_CAfile = ${certificateOf(relay)}`,
          'smtp_tls_loglevel = 1',
        ];
  return [
    'compatibility_level = 3.6',
    `queue_directory = ${join(folder, 'queue')}`,
    `data_directory = ${join(folder, 'data')}`,
    'command_directory = /usr/sbin',
    'daemon_directory = /usr/lib/postfix/sbin',
    'mail_owner = postfix',
    'setgid_group = postdrop',
    'myhostname = exchange.office.example',
    `myorigin = ${user.domain}`,
    'mydestination =',
    'local_recipient_maps =',
    'alias_maps =',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    'disable_dns_lookups = yes',
    `relayhost = [127.0.0.1]:${portFor(relay, tls)}`,
    'smtp_connect_timeout = 10s',
    `maillog_file = ${join(folder, 'maillog')}`,
    `maillog_file_prefixes = ${folder}`,
    ...sasl,
    ...security,
  ];
}

/** Debian's services without a listener and without chroots, and the one that writes the log. */
function masterFile(): string {
  const lines = readFileSync(MASTER, 'utf8').split('\n');
  const kept = lines.filter((line) => !/^(smtp +inet|postlog)/.test(line));
  const free = kept.map((line) => line.replace(/^(\S+ +unix +[-ny] +[-ny] +)y /, '$1n '));
  return `${[...free, 'postlog unix-dgram n - n - 1 postlogd'].join('\n')}\n`;
}

async function exim(errand: Errand, way: Way): Promise<Sent> {
  const { folder } = errand;
  const config = join(folder, 'exim.conf');
  const { uid, gid } = statOf('Debian-exim');
  writeFileSync(config, eximSettings(errand, way), { mode: 0o640 });
  chownSync(config, 0, gid); // Exim starts itself anew as that user
  copyFileSync(certificateOf(errand.relay), join(folder, 'ca.crt'));
  chmodSync(join(folder, 'ca.crt'), 0o644);
  for (const name of ['spool', 'log']) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), uid, gid);
  }
  const raw = writeMessage(errand.letter, errand);
  const log = join(folder, 'log', 'mainlog');
  const { said } = await run([EXIM, '-C', config, '-odf', '-oi', '-f', errand.from, errand.to, errand.bcc], {
    input: withLf(raw),
  });
  await until(() => isQueueEmpty(join(folder, 'spool'), ['input'])); // its bounce, if it writes one, has left too
  return { raw, said: said + logIn(log) };
}

function eximSettings({ relay, user, folder }: Errand, { tls, auth }: Way): string {
  const interfaceLine =
    auth === 'by address' ? `interface = ${user.networks[1]?.split('/')[0]}` : 'hosts_require_auth = *';
  const secret =
    auth === 'LOGIN'
      ? `public_name = LOGIN\n  client_send = : ${user.name} : ${user.password}`
      : `public_name = PLAIN\n  client_send = ^${user.name}^${user.password}`;
  return `primary_hostname = mail.office.example
qualify_domain = ${user.domain}
exim_path = ${EXIM}
spool_directory = ${join(folder, 'spool')}
log_file_path = ${join(folder, 'log', '%slog')}
log_selector = +smtp_confirmation +tls_cipher +smtp_mailauth
keep_environment =
trusted_users = root
disable_ipv6 = true
tls_advertise_hosts =
local_interfaces = 127.0.0.1
begin routers
smarthost:
  driver = manualroute
  route_list = * 127.0.0.1::${portFor(relay, tls)}
  self = send
  transport = smarthost
begin transports
smarthost:
  driver = smtp
  ${tls === 'none' ? 'hosts_avoid_tls = *' : 'hosts_require_tls = *'}
  tls_verify_certificates = ${join(folder, 'ca.crt')}
  tls_verify_cert_hostnames =
  ${tls === 'none' ? 'tls_verify_hosts =' : 'tls_verify_hosts = *'}
  tls_sni = relay.test
  ${interfaceLine}
begin retry
* * F,1h,5m
begin authenticators
secret:
  driver = plaintext
  ${auth === 'by address' ? 'public_name = PLAIN\n  client_send = never' : secret}
`;
}

function statOf(user: string): Readonly<{ uid: number; gid: number }> {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${user}:`));
  const [, , uid = '0', gid = '0'] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** As a local program hands a message to sendmail. */
function withLf(raw: Buffer): Buffer {
  return Buffer.from(raw.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

const logIn = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

function isQueueEmpty(queue: string, folders = ['maildrop', 'incoming', 'active', 'deferred']): boolean {
  return folders.every((name) => {
    const folder = join(queue, name);
    if (!existsSync(folder)) return true;
    return readdirSync(folder, { withFileTypes: true, recursive: true }).every((entry) =>
      entry.isDirectory(),
    );
  });
}

async function until(is: () => boolean): Promise<void> {
  const deadline = performance.now() + SETTLED_MS;
  while (!is()) {
    if (performance.now() > deadline) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function end(daemon: ChildProcess, signals: readonly NodeJS.Signals[]): Promise<void> {
  for (const signal of signals) {
    if (daemon.exitCode !== null || daemon.signalCode !== null) return;
    const gone = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill(signal);
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5000))]);
  }
}
