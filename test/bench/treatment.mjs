// What the full treatment of a message costs over passing it on: both through one running relay, by turns.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds, openSink } from './alone.mjs';
import { freePort, sendMany, start } from './relay.mjs';

const MESSAGES = Number(process.env.BENCH_MESSAGES ?? 1500);
const ROUNDS = 3;
const WARM_UP = 300;
const FIELDS = 10;
const LINKS = 20;
/** The limit: CPU of the full treatment over the plain relay, milliseconds per message. */
const LIMIT_MS = 2;

const cases = [
  { name: 'plain: as it came, unsigned', domain: 'plain.example', localAddress: '127.0.0.2', headers: '' },
  { name: 'signed: both DKIM keys', domain: 'signed.example', localAddress: '127.0.0.3', headers: '' },
  {
    name: `full, the same HTML with other values: ${LINKS} links, ${FIELDS} merge fields, pixel, footer, unsubscribe, both DKIM keys`,
    domain: 'full.example',
    localAddress: '127.0.0.4',
    headers: `X-Postino-Fields: ${JSON.stringify(Object.fromEntries(fields()))}\r\n`,
  },
  {
    name: 'full, and HTML that differs in each message',
    domain: 'full.example',
    localAddress: '127.0.0.4',
    headers: `X-Postino-Fields: ${JSON.stringify(Object.fromEntries(fields()))}\r\n`,
    differs: true,
  },
];

function fields() {
  return Array.from({ length: FIELDS }, (_, n) => [`field${n}`, `value ${n} & more`]);
}

/** 30 KB of HTML in quoted-printable's plain subset, as applications send it: 8bit, lines of 100. */
function html() {
  const filler =
    '<tr><td style="padding:4px;color:#333333;font-family:Arial">Lorem ipsum dolor sit amet</td></tr>\r\n';
  const rows = [];
  for (let n = 0; n < LINKS; n++) {
    rows.push(
      `<p>Dear [field${n % FIELDS}], see <a href="https://shop.example/items/${n}?ref=mail">item</a></p>\r\n`,
    );
    rows.push(filler.repeat(14));
  }
  return `<html><head><title>Order</title></head><body>\r\n<table>${rows.join('')}</table>\r\n</body></html>\r\n`;
}

function configuration(folder, port, next) {
  const users = cases.slice(0, 3).map(({ domain, localAddress }) => ({
    name: domain.split('.')[0],
    networks: [`${localAddress}/32`],
    domains: [domain],
    ...(domain.startsWith('full')
      ? {
          defaults: { opens: true, clicks: 'html', footer: true, unsubscribe: true },
          footer: { html: '<p>Shop Ltd, 1 High Street. <a href="[unsubscribe_url]">Unsubscribe</a></p>' },
        }
      : {}),
  }));
  return JSON.stringify({
    hostname: 'relay.example.org',
    data: `${folder}/data`,
    smtp: { listeners: [{ port, tls: 'none', host: '127.0.0.1' }], maxConnectionsPerIp: 500 },
    http: { port: 0 },
    tracking: { host: '127.0.0.1', port: 0, url: 'https://t.example.org' },
    log: { level: 'error' },
    delivery: { routes: [{ domain: '*', host: '127.0.0.1', port: next, tls: 'none' }] },
    transports: [{ name: 'bench', address: '127.0.0.1' }],
    domains: [{ name: 'signed.example' }, { name: 'full.example' }],
    users,
  });
}

/** Prints CPU per message of each case (or of the one named) and what the treatment adds. Exit code 1 when it adds too much. */
export async function measureTreatment(only) {
  const folder = mkdtempSync(join(tmpdir(), 'postino-treatment-'));
  const sink = await openSink();
  const port = await freePort();
  writeFileSync(join(folder, 'postino.yaml'), configuration(folder, port, sink.port));
  const relay = await start(folder, port, []);
  const pids = [relay.child.pid, Number(readFileSync(join(folder, 'data/redis/redis.pid'), 'utf8'))];
  const spent = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const body = html();
  const chosen = only ? cases.filter(({ name }) => name.startsWith(only)) : cases;
  const costs = new Map(chosen.map(({ name }) => [name, []]));
  let sent = 0;
  /** Milliseconds of CPU per message of one case. */
  const measure = async ({ domain, localAddress, headers, differs }, round, count) => {
    const before = spent();
    const content = (n) => (differs ? `<!-- ${round}.${n} -->${body}` : body);
    const rest = (n) =>
      `Subject: bench\r\n${headers}MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${content(n)}`;
    await sendMany(port, count, `${round}`, { rest, localAddress, domain });
    sent += count;
    await sink.taken(sent);
    return ((spent() - before) / count) * 1000;
  };
  try {
    for (const one of chosen) await measure(one, 0, WARM_UP);
    for (let round = 1; round <= ROUNDS; round++)
      for (const one of chosen) costs.get(one.name).push(await measure(one, round, MESSAGES));
  } finally {
    await relay.stop();
    sink.close();
    rmSync(folder, { recursive: true, force: true });
  }
  report(costs, body.length);
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

function report(costs, size) {
  console.log(
    `HTML of ${(size / 1000).toFixed(0)} KB, medians of ${ROUNDS} rounds of ${MESSAGES} messages, CPU of relay and Redis:`,
  );
  for (const [name, list] of costs) console.log(`  ${median(list).toFixed(2)} ms  ${name}`);
  const [plain, signed, full, other] = [...costs.values()].map(median);
  if (other === undefined) return;
  const says = (cost) => `${(cost - plain).toFixed(2)} ms`;
  console.log(
    `The full treatment adds ${says(full)} to the plain relay, ${says(other)} where each HTML is another (limit ${LIMIT_MS}), of which signing ${says(signed)}.`,
  );
  if (full - plain > LIMIT_MS) process.exitCode = 1;
}
