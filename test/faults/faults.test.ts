// Nothing lost: the relay is killed, starved and frozen under load, and every 250 is accounted for.
import { afterAll, test } from 'vitest';
import { calls } from './calls.ts';
import { hits } from './hits.ts';
import { killing } from './killing.ts';
import { detailOf, tableOf } from './print.ts';
import { settings } from './settings.ts';
import { makeStage, type Result, type Scenario } from './stage.ts';
import { starving } from './starving.ts';
import { complaintsOf } from './verdict.ts';

/** So many scenarios act at a time; the quiet that each waits for at its end does not count. */
const ACTING = 2;
const results: Result[] = [];
const waiting: (() => void)[] = [];
let acting = 0;

const all = [...calls, ...hits, ...killing, ...starving];

for (const scenario of all.filter(({ thorough }) => !settings.quick || !thorough)) {
  test.concurrent(scenario.name, { timeout: 1_800_000 }, async (context) => {
    const why = scenario.skip?.();
    if (why !== undefined) context.skip(`${scenario.name}: ${why}`);
    const result = await play(scenario);
    const complaints = [...complaintsOf(result), ...(scenario.check?.(result) ?? [])];
    results.push(result);
    process.stdout.write(`\n${tableOf([result])}\n${detailOf(result)}\n`);
    context.expect(complaints).toEqual([]);
  });
}

afterAll(() => {
  if (results.length > 0) process.stdout.write(`\n${tableOf(results)}\n`);
});

async function play(scenario: Scenario): Promise<Result> {
  await myTurn();
  const done = once(() => {
    acting--;
    waiting.shift()?.();
  });
  const stage = await makeStage(scenario);
  let good = false;
  try {
    await scenario.act(stage);
    done();
    const result = await stage.end();
    good = complaintsOf(result).length === 0;
    return result;
  } finally {
    done();
    if (!good) process.stdout.write(`\n${scenario.name}: kept for a look: ${stage.folder}\n`);
    await stage.clear(!good || settings.keep);
  }
}

async function myTurn(): Promise<void> {
  if (acting >= ACTING) await new Promise<void>((resolve) => waiting.push(resolve));
  acting++;
}

function once(task: () => void): () => void {
  let done = false;
  return () => {
    if (!done) task();
    done = true;
  };
}
