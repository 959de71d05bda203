// What the workshop costs: a stored template of 10 KB with twenty rows, and the CSS of real letters. Run: node test/bench/liquid.mjs
import { globSync, readFileSync } from 'node:fs';
import { makeWorkshop } from '../../src/compose/worker/workshop.ts';
import { systemClock as clock } from '../../src/lib/clock.ts';

const RENDERS = Number(process.env.BENCH_RENDERS ?? 2000);
const ROUNDS = 4;

const filler =
  '<p style="margin: 0 0 16px; font: 16px/1.5 Arial, sans-serif">Thank you, {{ name }}.</p>\n'.repeat(100);
const template = {
  key: 'bench/order/1',
  now: 0,
  subject: 'Your order {{ number }}',
  html:
    `<h1>Hello {{ name | default: "friend" }}</h1><table>{% for row in rows %}<tr><td>{{ row.sku }}</td>` +
    `<td>{{ row.name | truncate: 40 }}</td><td>{{ row.price | times: row.qty | round: 2 }}</td></tr>{% endfor %}</table>` +
    filler,
  text: 'Hello {{ name }}\n{% for row in rows %}{{ row.qty }} x {{ row.name }}\n{% endfor %}',
};
const rows = Array.from({ length: 20 }, (_, i) => ({
  sku: `S-${i}`,
  name: `A thing & another ${i}`,
  qty: i,
  price: 9.9,
}));
const jobs = Array.from({ length: RENDERS }, (_, i) => ({
  ...template,
  scope: { name: `Zoë ${i}`, number: i, rows },
}));

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const ms = (number) => `${number.toFixed(2)} ms`;
const memory = () => Math.round(process.memoryUsage().rss / 2 ** 20);

async function measureLiquid(workshop) {
  const before = memory();
  const began = performance.now();
  await workshop.render(jobs[0]);
  const first = performance.now() - began;
  for (const job of jobs) await workshop.render(job);
  const from = performance.now();
  for (const job of jobs) await workshop.render(job);
  const alone = (performance.now() - from) / jobs.length;
  const cpu = process.cpuUsage();
  const all = performance.now();
  for (let at = 0; at < jobs.length; at += 200)
    await Promise.all(jobs.slice(at, at + 200).map((job) => workshop.render(job)));
  const together = performance.now() - all;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `Liquid, ${Math.round(template.html.length / 1024)} KB and ${rows.length} rows: ${ms(alone)} each one after the other, ` +
      `${Math.round(jobs.length / (together / 1000))}/s on two threads, ${ms((user + system) / 1000 / jobs.length)} CPU each; ` +
      `the first ${ms(first)} with the start of its thread; ${memory() - before} MB more`,
  );
}

async function measureCss(workshop, files) {
  const letters = files.map((file) => readFileSync(file, 'utf8')).filter((html) => html.includes('<style'));
  const before = memory();
  const began = performance.now();
  await workshop.inlineCss(letters[0] ?? '');
  const first = performance.now() - began;
  for (let round = 1; round <= ROUNDS; round++) {
    const times = [];
    for (const html of letters) {
      const from = performance.now();
      const made = await workshop.inlineCss(html);
      if (!made.ok) console.log(made.problem);
      times.push(performance.now() - from);
    }
    if (round !== 1 && round !== ROUNDS) continue;
    console.log(
      `CSS of ${letters.length} letters, round ${round}: median ${ms(median(times))}, longest ${ms(Math.max(...times))}` +
        (round === 1
          ? `; the first ${ms(first)} with the start of its thread`
          : `; ${memory() - before} MB more`),
    );
  }
}

const workshop = makeWorkshop({ clock, maxWaiting: 1000 });
await measureLiquid(workshop);
const corpora = new URL('../../../shared/corpora/html/', import.meta.url).pathname;
const files = globSync(`${corpora}*/*.{html,hbs}`);
if (files.length > 0) await measureCss(workshop, files);
await workshop.close();
