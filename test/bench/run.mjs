// The bench: Postino beside Postfix on this machine, interleaved, with the floors that it has to reach.
// usage: npm run bench [-- --quick] [--rounds N] [--row NAME]…   ·   npm run bench -- memory | alone | treatment | overtake | segments | history [EVENTS [FOLDER]] | history-mail [EVENTS-A-SECOND [MESSAGES-A-SECOND]] | history-postgres [EVENTS [DAYS]]
import { execFileSync } from 'node:child_process';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { measureAlone } from './alone.mjs';
import { HEAD, judge, ROWS, tableLine } from './floors.mjs';
import { measurePostgres } from './history-postgres.mjs';
import { measureHistoryWithMail } from './history-mail.mjs';
import { measureHistory } from './history.mjs';
import { measureMemory } from './memory.mjs';
import { measureOvertaking } from './overtake.mjs';
import { openRig, whatIsMissing } from './rig.mjs';
import { measureSegments } from './segments.mjs';
import { measureTreatment } from './treatment.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    row: { type: 'string', multiple: true },
  },
});

const [what = 'compare', only, folder] = positionals;
const missing = what === 'compare' ? whatIsMissing() : undefined;
if (missing !== undefined) console.log(missing);
if (what === 'memory') await measureMemory();
else if (what === 'treatment') await measureTreatment(only);
else if (what === 'overtake') await measureOvertaking();
else if (what === 'segments') await measureSegments();
else if (what === 'history-mail')
  await measureHistoryWithMail(only && Number(only), folder && Number(folder));
else if (what === 'history') await measureHistory(only && Number(only), folder);
else if (what === 'history-postgres') await measurePostgres(only && Number(only), folder && Number(folder));
else if (what === 'alone' || missing !== undefined) await measureAlone();
else if (what === 'compare') await compare();
else
  console.log(
    'usage: npm run bench [-- --quick] [--rounds N] [--row NAME]… | memory | alone | treatment | overtake | segments | history [EVENTS [FOLDER]] | history-mail [EVENTS-A-SECOND [MESSAGES-A-SECOND]] | history-postgres [EVENTS [DAYS]]',
  );

/** Exit code 1 when a floor was missed. */
async function compare() {
  const rounds = values.quick ? 2 : Number(values.rounds);
  const wanted = values.quick ? ['plain'] : values.row;
  const rows = ROWS.filter(({ name }) => !wanted || wanted.includes(name));
  if (rows.length === 0) return console.log(`The rows are: ${ROWS.map(({ name }) => name).join(', ')}.`);
  const rig = openRig();
  try {
    console.log(machine(rig.mounted));
    console.log(`Medians of ${rounds} rounds, the relays by turns.\n\n${HEAD}`);
    for (const row of rows) {
      const judged = judge(row, await measure(rig, row, rounds));
      console.log(tableLine(judged));
      if (judged.floors.some(({ reached }) => !reached)) process.exitCode = 1;
    }
  } finally {
    rig.close();
  }
}

async function measure(rig, row, rounds) {
  const results = { postino: [], postfix: [] };
  for (let round = 0; round < rounds; round++) {
    results.postino.push(await rig.run('postino', row));
    if (!row.recipients) results.postfix.push(await rig.run('postfix', row));
  }
  return results;
}

function machine(mounted) {
  const [first] = cpus();
  const place = mounted ? 'a journaled ext4 of its own' : 'the disk of TMPDIR';
  return [
    new Date().toISOString().slice(0, 16).replace('T', ' '),
    `${cpus().length} × ${first?.model ?? 'unknown'}, Linux ${release()}, Node ${process.version}`,
    `Postfix ${version('postconf', ['-h', 'mail_version'])}, ${version('redis-server', ['--version'])}`,
    `queues on ${place}`,
  ].join(' · ');
}

function version(command, args) {
  try {
    return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
      .split(' sha')[0]
      .replace('Redis server v=', 'Redis ');
  } catch {
    return 'unknown';
  }
}
