// The workshop with its threads: hostile templates and style sheets are stopped, and nobody else notices.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { LiquidJob } from '../../../../src/compose/worker/jobs.ts';
import { makeWorkshop } from '../../../../src/compose/worker/workshop.ts';
import { systemClock as clock } from '../../../../src/lib/clock.ts';
import { until } from '../../../support/until.ts';

const job = (more: Partial<LiquidJob>): LiquidJob => ({ key: 'acme/t/1', now: 0, scope: {}, ...more });
/** How long it took, without what this process itself was late by: other tests share the machine. */
const timed = async <T>(work: Promise<T>): Promise<readonly [T, number]> => {
  const before = performance.now();
  let last = before;
  let late = 0;
  const stop = clock.every(5, () => {
    const now = performance.now();
    late = Math.max(late, now - last - 5);
    last = now;
  });
  const made = await work;
  stop();
  return [made, performance.now() - before - 2 * late];
};
/** Tasks of this process: one per thread. */
const threads = (): number => readdirSync('/proc/self/task').length;
const normal = job({ subject: 'Hi {{ n }}', html: '<b>{{ n }}</b>', text: '{{ n }}', scope: { n: 'A&B' } });
const normalResult = { ok: true, output: { subject: 'Hi A&B', html: '<b>A&amp;B</b>', text: 'A&B' } };
const double = (times: number): string =>
  `{% assign s = "${'x'.repeat(64)}" %}${'{% capture s %}{{s}}{{s}}{% endcapture %}'.repeat(times)}`;

describe('hostile templates', () => {
  // The time from here: nothing else may wait longer either. The limit of 200 ms, and what a busy machine adds.
  const MAX_MS = 300;
  const workshop = makeWorkshop({ clock, size: 1 });
  afterAll(() => workshop.close());

  const loop = (times: number): string =>
    `${'{% for i in (1..9999) %}'.repeat(times)}x${'{% endfor %}'.repeat(times)}`;
  const bombs: readonly (readonly [string, Partial<LiquidJob>])[] = [
    ['loops in loops', { html: loop(5) }],
    ['loops in loops that print nothing', { html: loop(5).replace('x', '') }],
    ['a thousand loops in each other', { html: loop(1000) }],
    ['a range of a billion', { html: '{% for i in (1..1000000000) %}x{% endfor %}' }],
    [
      'a range that is no number',
      {
        html: '{% for i in (1..1e999) %}x{% endfor %}{% for i in (1..x) %}x{% endfor %}'.repeat(500),
        scope: { x: Number.MAX_SAFE_INTEGER },
      },
    ],
    [
      'a text that doubles by a filter',
      { text: `{% assign s = "xxxx" %}${'{% assign s = s | append: s %}'.repeat(60)}{{ s }}` },
    ],
    [
      'a text that doubles by capture, then searched',
      { text: `${double(22)}{% if s contains "zz" %}{% endif %}` },
    ],
    ['a text that doubles by capture, then counted', { text: `${double(22)}{{ s | plus: 1 }}` }],
    ['a text that doubles by capture, then printed', { html: `${double(23)}{{ s }}` }],
    ['a replacement by itself', { text: `${double(14)}{{ s | replace: "x", s | replace: "x", s }}` }],
    ['padding by a date format', { text: '{{ "now" | date: "%999999999Y" }}' }],
    ['tags in tags', { text: '{% if a %}'.repeat(50_000) }],
    ['comments in comments', { text: '{% comment %}'.repeat(38_000) }],
    ['brackets in brackets', { text: `{{ ${'a['.repeat(90_000)}1${']'.repeat(90_000)} }}` }],
    ['a hundred thousand tags', { html: '{{a}}'.repeat(100_000) }],
    ['a template of 1 MB', { html: '{{ a }} '.repeat(125_000) }],
    ['one tag of 500 KB', { text: `{{ a${' | append: "b"'.repeat(38_000)} }}` }],
    [
      'a way to the constructor',
      {
        text: '{{ o.constructor.constructor }}{% for i in (1..9) %}{{ o | nofilter: "return process" }}{% endfor %}',
        scope: { o: {} },
      },
    ],
    [
      'a way to the prototype',
      { text: '{% assign __proto__ = "x" %}{{ o.__proto__.x | nofilter }}', scope: { o: {} } },
    ],
    ['a file', { html: '{% include "/etc/passwd" %}' }],
    ['another file', { html: '{% layout "../../../etc/passwd" %}' }],
    [
      'a pattern for strip_html',
      {
        text: `{% for i in (1..9999) %}{{ s | strip_html | size }}{% endfor %}`,
        scope: { s: '<script'.repeat(90_000) },
      },
    ],
    [
      'a pattern for words',
      {
        text: '{{ s | truncatewords: 1 | strip | slugify }}{{ t | number_of_words: "auto" }}'.repeat(40),
        scope: { s: ' -a'.repeat(150_000), t: '漢 a'.repeat(50_000) },
      },
    ],
    [
      'a sorted list',
      { text: '{% assign a = (1..1000000) | reverse | sort | sort_natural | uniq %}{{ a | join: "x" }}' },
    ],
    [
      'a list that doubles',
      { text: `{% assign a = (1..1000) %}${'{% assign a = a | concat: a %}'.repeat(40)}{{ a }}` },
    ],
    [
      'a grouped list',
      { text: '{% assign a = (1..1000000) | group_by_exp: "i", "i | append: i" %}{{ a | json }}' },
    ],
    ['a table', { html: '{% tablerow i in (1..4000000) cols:1 %}{{ i }}{% endtablerow %}' }],
    [
      'an object that prints as much as it can',
      {
        text: `{% for i in (1..999999) %}{{ o | json }}{{ o | inspect }}{% endfor %}`,
        scope: { o: Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`key${i}`, i])) },
      },
    ],
  ];
  test.each(bombs)('%s', { timeout: 30_000 }, async (_, bomb) => {
    expect(await workshop.render(normal)).toEqual(normalResult); // the thread has begun
    const [made, ms] = await timed(workshop.render(job(bomb)));
    expect(made).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/^The (?:HTML|text|subject) of the template.*\.$/),
    });
    expect(ms).toBeLessThan(MAX_MS);
    expect(await workshop.render(normal)).toEqual(normalResult);
  });

  test('memory and threads do not grow with them', { timeout: 60_000 }, async () => {
    const round = async (): Promise<void> => {
      for (const [, bomb] of bombs.filter((_, i) => i % 4 === 0)) await workshop.render(job(bomb));
      expect(await workshop.render(normal)).toEqual(normalResult);
    };
    await round();
    const before = [process.memoryUsage().rss, threads()] as const;
    for (let i = 0; i < 4; i++) await round();
    expect(process.memoryUsage().rss - before[0]).toBeLessThan(150 * 1024 * 1024);
    expect(threads()).toBeLessThanOrEqual(before[1] + 1);
  });
});

describe('the workshop', () => {
  test('starts no thread before there is work, and gives them back when it closes', async () => {
    const before = threads();
    const workshop = makeWorkshop({ clock });
    await clock.sleep(20);
    expect(threads()).toBe(before);
    expect(await workshop.render(normal)).toEqual(normalResult);
    expect(threads()).toBeGreaterThan(before);
    await workshop.close();
    await until(() => threads() <= before);
    expect(await workshop.render(normal)).toEqual({
      ok: false,
      kind: 'busy',
      problem: expect.stringContaining('stopping'),
    });
    expect(await workshop.inlineCss('x')).toMatchObject({ ok: false, kind: 'busy' });
  });

  test('does a thousand jobs in a row, and many at once, without growing', { timeout: 60_000 }, async () => {
    const workshop = makeWorkshop({ clock, maxWaiting: 5000 });
    const html = `<table>{% for r in rows %}<tr><td>{{ r.sku }}</td><td>{{ r.qty }}</td></tr>{% endfor %}</table>${'<p>x</p>'.repeat(1000)}`;
    const rows = Array.from({ length: 20 }, (_, i) => ({ sku: `S${i}`, qty: i }));
    const make = (i: number) =>
      workshop.render(job({ key: `a${i % 7}/t/1`, html, subject: '{{ i }}', scope: { rows, i } }));
    for (let i = 0; i < 300; i++) await make(i);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 700; i++)
      expect(await make(i)).toMatchObject({ ok: true, output: { subject: `${i}` } });
    const many = await Promise.all(Array.from({ length: 1000 }, (_, i) => make(i)));
    many.forEach((made, i) => expect(made).toMatchObject({ ok: true, output: { subject: `${i}` } }));
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    await workshop.close();
  });

  test('a job that takes too long is alone in that: the others go on', { timeout: 30_000 }, async () => {
    const workshop = makeWorkshop({ clock, size: 1 });
    const bomb = job({ key: 'bad/t/1', text: '{% if a %}'.repeat(50_000) });
    const all = await Promise.all([
      workshop.render(bomb),
      ...Array.from({ length: 50 }, () => workshop.render(normal)),
      workshop.render(bomb),
    ]);
    expect(all.at(0)).toMatchObject({
      ok: false,
      kind: 'slow',
      problem: 'The text of the template takes longer than 200 ms; make it shorter.',
    });
    for (const made of all.slice(1, -1)) expect(made).toEqual(normalResult);
    expect(all.at(-1)).toMatchObject({ ok: false, kind: 'slow' });
    await workshop.close();
  });

  test('an account that floods it delays itself only', { timeout: 30_000 }, async () => {
    const workshop = makeWorkshop({ clock, size: 1, maxWaiting: 20 });
    const bomb = job({ key: 'bad/t/1', text: '{% if a %}'.repeat(50_000) });
    const flood = Array.from({ length: 30 }, () => workshop.render(bomb));
    const [made, ms] = await timed(workshop.render(normal));
    expect(made).toEqual(normalResult);
    expect(ms).toBeLessThan(2000); // one bomb that runs, one start of a thread
    await workshop.close();
    const kinds = (await Promise.all(flood)).map((one) => (one.ok ? 'ok' : one.kind));
    // One runs, ten may wait, the rest is told so at once; what still waited at the end was not done.
    expect(kinds.filter((kind) => kind === 'busy').length).toBeGreaterThanOrEqual(19);
    expect(kinds).not.toContain('ok');
  });

  test('hands over which values are HTML already', async () => {
    const workshop = makeWorkshop({ clock });
    const made = await workshop.render(
      job({ html: '{{ body }}{{ n }}', scope: { body: '<b>', n: '<i>' }, markup: ['body'] }),
    );
    expect(made).toEqual({ ok: true, output: { html: '<b>&lt;i&gt;' } });
    await workshop.close();
  });

  test('says when too many wait', async () => {
    const workshop = makeWorkshop({ clock, size: 1, maxWaiting: 4 });
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) => workshop.render({ ...normal, key: `a${i}/t` })),
    );
    const busy = {
      ok: false,
      kind: 'busy',
      problem: 'Too many templates wait to be filled in just now; try again in a moment.',
    };
    expect(all.filter((made) => made.ok)).toHaveLength(5);
    expect(all.slice(5)).toEqual([busy, busy, busy, busy, busy]);
    await workshop.close();
  });

  test('refuses what is too large before any thread sees it', async () => {
    const before = threads();
    const workshop = makeWorkshop({ clock });
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const cases = [
      [
        job({ html: 'x'.repeat(600_000) }),
        'The HTML of the template has more than 524288 characters; make it shorter.',
      ],
      [
        job({ text: 'x', scope: { x: 'x'.repeat(1_100_000) } }),
        'The values for the template have more than 1048576 characters as JSON.',
      ],
      [job({ text: 'x', scope: circle }), 'The values for the template are not what JSON can hold.'],
      [job({ text: 'x', scope: { n: 1n } }), 'The values for the template are not what JSON can hold.'],
    ] as const;
    for (const [one, problem] of cases)
      expect(await workshop.render(one)).toEqual({ ok: false, kind: 'wrong', problem });
    expect(await workshop.inlineCss('x'.repeat(600_000))).toMatchObject({ ok: false, kind: 'wrong' });
    expect(threads()).toBe(before);
    await workshop.close();
  });

  test(
    'a thread that runs out of memory is a sentence, not the end of the process',
    { timeout: 60_000 },
    async () => {
      const workshop = makeWorkshop({ clock, size: 1, heapMb: 16, liquidMs: 10_000, cssMs: 10_000 });
      const html = '{% if a %}'.repeat(50_000); // its tree
      for (let i = 0; i < 2; i++) {
        expect(await workshop.render(job({ html }))).toEqual({
          ok: false,
          kind: 'wrong',
          problem: 'The HTML of the template needs more than 16 MB of memory; make it shorter.',
        });
        expect(await workshop.render(normal)).toEqual(normalResult);
      }
      await workshop.close();
    },
  );
});

describe('CSS in the workshop', () => {
  const workshop = makeWorkshop({ clock, cssMs: 400 });
  afterAll(() => workshop.close());
  const html = '<style>p{color:red}</style><p>[name]</p>';

  test('is put into the elements', async () => {
    expect(await workshop.inlineCss(html)).toEqual({
      ok: true,
      output: '<style>p{color:red}</style><p style="color: red;">[name]</p>',
    });
  });

  const rules = (count: number, rule: (i: number) => string): string =>
    `<style>${Array.from({ length: count }, (_, i) => rule(i)).join('')}</style>`;
  test.each([
    ['many rules for many elements', rules(5000, (i) => `div{p${i}:${i}}`) + '<div>'.repeat(3000)],
    [
      'selectors that look far',
      rules(300, (i) => `div div div div div div div div.x${i}{a:b}`) + '<div>'.repeat(5000),
    ],
    ['siblings', rules(100, (i) => `p ~ p ~ p ~ p ~ p.x${i}{a:b}`) + '<p></p>'.repeat(20_000)],
    [':has and :not', rules(100, () => 'div:has(div:has(div:not(:has(p)))){a:b}') + '<div>'.repeat(2000)],
    [
      'variables in variables',
      rules(300, (i) => `:root{--a${i + 1}:var(--a${i}) var(--a${i})}`) +
        '<style>p{c:var(--a300)}</style><p>'.repeat(100),
    ],
    ['nested rules', `<style>${'a{'.repeat(50_000)}</style><a>`],
    ['brackets without end', `<style>${'p:not('.repeat(30_000)}{a:b}</style><p>`],
  ])('%s do not hold anybody up', { timeout: 30_000 }, async (_, hostile) => {
    await workshop.inlineCss(html); // the thread has begun
    const [made, ms] = await timed(workshop.inlineCss(hostile));
    if (!made.ok) expect(made.problem).toMatch(/^(?:The|With its) .*\.$/);
    expect(ms).toBeLessThan(700);
    expect(await workshop.render(normal)).toEqual(normalResult);
    expect(await workshop.inlineCss(html)).toMatchObject({ ok: true });
  });
});

test('the compiled program finds its threads too', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'postino-worker-'));
  try {
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const files = ['compose/worker/workshop.ts', 'compose/worker/thread.ts', 'lib/clock.ts'].map((file) =>
      resolve('src', file),
    );
    const compilerOptions = { noEmit: false, rootDir: resolve('src'), outDir: join(folder, 'dist') };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: resolve('tsconfig.json'), compilerOptions, files, include: [] }),
    );
    const built = spawnSync(resolve('node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
    expect(built.stdout + built.stderr).toBe('');
    const program = `
      import { makeWorkshop } from './dist/compose/worker/workshop.js';
      import { systemClock as clock } from './dist/lib/clock.js';
      const workshop = makeWorkshop({ clock });
      const job = { key: 'a', now: 0, html: '<b>{{ n }}</b>', scope: { n: '&' } };
      console.log(JSON.stringify([await workshop.render(job), await workshop.inlineCss('<style>p{a:b}</style><p>')]));
    `;
    writeFileSync(join(folder, 'try.js'), program);
    // Without close(): threads that have nothing to do keep no process alive.
    const ran = spawnSync(process.execPath, ['try.js'], { cwd: folder, encoding: 'utf8', timeout: 30_000 });
    expect([ran.stderr, ran.status]).toEqual(['', 0]);
    expect(JSON.parse(ran.stdout)).toEqual([
      { ok: true, output: { html: '<b>&amp;</b>' } },
      { ok: true, output: '<style>p{a:b}</style><p style="a: b;">' },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
