// The rules of src/README.md as a test: who may import whom, one door per dependency, first lines, file sizes.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { describe, expect, test } from 'vitest';

const files = globSync('src/**/*.{ts,tsx,mjs}').sort();
const folder = (file: string): string => file.split('/')[1] ?? '';
const imports = (source: string): string[] =>
  [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');

const vocabulary = ['lib', 'mail', 'model'];
const may: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  mail: ['lib'],
  model: ['lib', 'mail'],
  api: ['*'],
  cli: ['*'],
  roles: ['*'],
  verbs: ['*'],

  'config.ts': ['*'],
  'main.ts': ['*'],
  'embedded.ts': ['*'],
  'launch.mjs': ['launch'],
};

/** Heavy dependencies and the one file that may import each. */
const doors: Readonly<Record<string, string | readonly string[]>> = {
  // The lock of the data folder is a lock of SQLite, too.
  'node:sqlite': ['src/history/sqlite/database.ts', 'src/embedded/folder.ts'],
  bullmq: 'src/backlog/queue.ts',
  ioredis: 'src/store/redis.ts',
  pino: 'src/lib/log.ts',
  'smtp-server': 'src/accept/listener.ts',
  nodemailer: 'src/deliver/converse.ts',
  'dns-packet': 'src/deliver/security/wire.ts',
  htmlparser2: ['src/compose/html/tokens.ts', 'src/api/xml.ts'],
  fastify: 'src/http/server.ts',
  mailparser: 'src/http/reader.ts',
  'prom-client': 'src/http/metrics.ts',
  selfsigned: 'src/accept/certificates.ts',
  commander: 'src/main.ts',
  liquidjs: 'src/compose/worker/liquid.ts',
  juice: 'src/compose/worker/inline.ts',
  cheerio: 'src/compose/worker/inline.ts',
  bowser: 'src/tracking/browser.ts',
  isbot: 'src/tracking/robots.ts',
  s3mini: 'src/batch/places/s3.ts',
  tar: 'src/backup/archive.ts',
  maxmind: 'src/tracking/geo.ts',
  uplot: 'src/http/dashboard/parts/chart.tsx',
  vite: 'src/http/dashboard/build.mjs',
};

const DASHBOARD = 'src/http/dashboard/';

const clockFree = /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bMath\.random\(/;

describe.each(files)('%s', (file) => {
  const source = readFileSync(file, 'utf8');
  const allowed = [folder(file), ...(may[folder(file)] ?? vocabulary)];

  test('imports only what it may know', () => {
    for (const spec of imports(source)) {
      if (spec.startsWith('.')) {
        const to = folder(join(dirname(file), spec));
        expect(allowed.includes('*') || allowed.includes(to), `${file} may not import ${to}`).toBe(true);
      } else {
        const door = doors[spec.split('/')[0] ?? ''];
        expect(
          door === undefined || [door].flat().includes(file),
          `only ${[door].flat().join(' and ')} may import ${spec}`,
        ).toBe(true);
      }
    }
  });

  test('in the browser, imports nothing of the server', () => {
    if (!file.startsWith(DASHBOARD)) {
      expect(imports(source).filter((spec) => spec.includes('/dashboard/'))).toEqual([]);
      return;
    }
    if (file.endsWith('.mjs')) return;
    const outside = imports(source)
      .filter((spec) => spec.startsWith('.'))
      .map((spec) => join(dirname(file), spec))
      .filter((to) => !to.startsWith(DASHBOARD));
    expect(outside).toEqual([]);
  });

  test('says on its first line what it is for, and stays short', () => {
    const text = source.replace(/^#!.*\n/, '');
    expect(text).toMatch(/^\/\/ .{10,130}\.\n/);
    expect(source.split('\n').length).toBeLessThanOrEqual(301);
  });

  test('leaves time and chance to lib/clock.ts', () => {
    // The browser's part has a door of its own.
    const isDoor = ['src/lib/clock.ts', 'src/http/dashboard/lib/time.ts'].includes(file);
    if (!isDoor && !file.endsWith('.mjs')) expect(source).not.toMatch(clockFree);
  });
});
