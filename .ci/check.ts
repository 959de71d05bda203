// Runs the parts of "npm run check" at the same time; says what each one said when it has ended, the bad ones last.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Scripts of package.json. The unit tests see to the generated files too; QUICK takes a tenth of their random rounds. */
const PARTS = ['format:check', 'lint', 'types', 'test:unit'];

const colors = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};

type Outcome = Readonly<{ part: string; good: boolean; said: string }>;

async function run(part: string): Promise<Outcome> {
  const began = performance.now();
  const child = spawn(`npm run --silent ${part} 2>&1`, {
    shell: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...colors, QUICK: '1' },
  });
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const said = await text(child.stdout);
  const good = (await code) === 0;
  console.log(`${good ? 'good' : 'BAD '} ${part}, ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return { part, good, said };
}

const bad = (await Promise.all(PARTS.map(run))).filter((one) => !one.good);
for (const { part, said } of bad) console.log(`\n== ${part}\n${said}`);
process.exitCode = bad.length > 0 ? 1 : 0;
