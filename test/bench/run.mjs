// The bench: Postino beside Postfix on this machine, interleaved, with the floors that it has to reach.
// usage: npm run bench [-- --quick] [--rounds N] [--row NAME]…   ·   npm run bench -- memory
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureMemory } from './memory.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const shared = resolve(here, '../../../shared/bench');
const postino = join(here, 'peers/postino.sh');
const postfix = join(shared, 'peers/postfix.sh');

/** What is compared: messages, and the floor as a ratio to Postfix (rate at least, CPU at most). */
const ROWS = [
  { name: 'main', args: '--n 5000 --size 10000 --sessions 40 --reuse', rate: 1.5, cpu: 0.6 },
  {
    name: 'dkim',
    args: '--n 4000 --size 10000 --sessions 40 --reuse',
    env: { DKIM: '1' },
    rate: 1,
    note: 'Postfix unsigned',
  },
  { name: 'new-connection', args: '--n 3000 --size 10000 --sessions 40', rate: 1 },
  { name: '100KB', args: '--n 2000 --size 100000 --sessions 20 --reuse', rate: 1 },
  { name: '5MB', args: '--n 100 --size 5000000 --sessions 4 --reuse --warm 10', rate: 0.8 },
  {
    name: '50-recipients',
    args: '--n 400 --size 10000 --rcpts 50 --sessions 10 --reuse --warm 20',
    recipients: 2000,
  },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    row: { type: 'string', multiple: true },
  },
});

if (positionals[0] === 'memory') await measureMemory();
else if (!existsSync(shared) || !hasPostfix()) console.log(sayMissing());
else compare();

function hasPostfix() {
  try {
    execFileSync('sh', ['-c', 'command -v smtp-source && command -v postfix'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function sayMissing() {
  const what = existsSync(shared)
    ? 'Postfix (apt-get install postfix, configuration "none")'
    : '../shared/bench (the harness)';
  return `The bench needs ${what}; "npm run bench -- memory" needs neither.`;
}

function compare() {
  const rounds = values.quick ? 2 : Number(values.rounds);
  const wanted = values.quick ? ['main'] : values.row;
  const rows = ROWS.filter(({ name }) => !wanted || wanted.includes(name));
  const journaled = process.getuid() === 0 ? mountJournaled() : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'postino-bench-'));
  try {
    for (const row of rows) report(row, measure(row, { rounds, folder, journaled }));
  } finally {
    rmSync(folder, { recursive: true });
    if (journaled) shell('. ./journaled.sh down');
  }
}

/** The queues lie on an ext4 with a journal, as on a usual server; without root, wherever TMPDIR is. */
function mountJournaled() {
  shell('. ./journaled.sh up');
  return join(process.env.TMPDIR ?? '/tmp', 'relay-bench/jfs/run');
}

function shell(command) {
  execFileSync('bash', ['-c', command], {
    cwd: shared,
    env: { TMPDIR: '/tmp', ...process.env },
    stdio: 'ignore',
  });
}

function measure(row, { rounds, folder, journaled }) {
  const results = { postino: [], postfix: [] };
  for (let round = 0; round < rounds; round++)
    for (const [name, command] of [
      ['postino', postino],
      ['postfix', postfix],
    ]) {
      if (row.recipients && name === 'postfix') continue;
      const json = join(folder, `${row.name}-${name}-${round}.jsonl`);
      const env = {
        TMPDIR: '/tmp',
        ...process.env,
        ...row.env,
        ...(journaled ? { PERF_RUN: journaled } : {}),
      };
      const args = [
        'relay-bench.mjs',
        '--cmd',
        command,
        '--name',
        name,
        '--json',
        json,
        ...row.args.split(' '),
      ];
      execFileSync(process.execPath, args, {
        cwd: shared,
        env,
        stdio: ['ignore', 'ignore', 'inherit'],
        timeout: 400_000,
      });
      results[name].push(JSON.parse(readFileSync(json, 'utf8').trim()));
    }
  return results;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];
}

function report(row, { postino: ours, postfix: theirs }) {
  const rate = median(ours.map((run) => run.msgs_s));
  const cpu = median(ours.map((run) => run.cpu_per_1000));
  const say = (text, ok) => console.log(`${ok ? 'reached' : 'MISSED '}  ${row.name.padEnd(15)} ${text}`);
  if (row.recipients) {
    const recipients = median(ours.map((run) => run.rcpt_s));
    return say(
      `${recipients} recipients/s (floor ${row.recipients}), CPU ${cpu} s/1000 messages`,
      recipients >= row.recipients,
    );
  }
  const rate2 = median(theirs.map((run) => run.msgs_s));
  const cpu2 = median(theirs.map((run) => run.cpu_per_1000));
  const ratio = (rate / rate2).toFixed(2);
  const note = row.note ? ` (${row.note})` : '';
  say(`${rate}/s against Postfix ${rate2}/s${note}: ${ratio} times (floor ${row.rate})`, ratio >= row.rate);
  const share = (cpu / cpu2).toFixed(2);
  const text = `${cpu} CPU s/1000 against ${cpu2}: ${share}`;
  if (row.cpu) say(`${text} (ceiling ${row.cpu})`, share <= row.cpu);
  else console.log(`         ${' '.repeat(15)} ${text}`);
}
