// Builds the dashboard with vite into dist/dashboard, with compressed copies of every file; --if-stale does it only when it must.
// Plain JavaScript: the launcher and the Dockerfile run it before anything is compiled.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
const target = join(root, 'dist', 'dashboard');
const STAMP = 'built-from';
const MIN_BYTES = 500;

/** What the output is made of; another stamp means that it must be built again. */
function stampOfSources() {
  const hash = createHash('sha256');
  const sources = globSync('**/*', { cwd: here, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of sources.map((entry) => join(entry.parentPath, entry.name)).sort())
    hash.update(path.slice(here.length)).update(readFileSync(path));
  return hash.update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
}

function isFresh(stamp) {
  const file = join(target, STAMP);
  return existsSync(file) && readFileSync(file, 'utf8') === stamp;
}

/** vite's settings: one entry, hashed names, nothing inlined (the policy of our pages forbids it), no helper for old browsers. */
const settings = (outDir) => ({
  root: here,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: 'licences.md' },
  },
});

async function compress(folder) {
  const files = globSync('**/*.{html,js,css,svg,json}', { cwd: folder });
  await Promise.all(
    files.map(async (name) => {
      const path = join(folder, name);
      const bytes = readFileSync(path);
      if (bytes.length < MIN_BYTES) return;
      const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
      writeFileSync(`${path}.br`, await promisify(brotliCompress)(bytes, { params: quality }));
      writeFileSync(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
    }),
  );
}

/** Builds beside the old output and takes its place when all is well, so that a broken build harms nobody. */
async function build() {
  const stamp = stampOfSources();
  if (process.argv.includes('--if-stale') && isFresh(stamp)) return;
  const { build: viteBuild } = await import('vite');
  const fresh = `${target}.${process.pid}`;
  try {
    await viteBuild(settings(fresh));
    await compress(fresh);
    writeFileSync(join(fresh, STAMP), stamp);
    rmSync(target, { recursive: true, force: true });
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

await build();
