// Writes what is made from the code: the configuration's schema and example, parts of docs; --check fails when they are stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { configFiles } from './config-files.ts';
import { dialectsPage } from './dialects-page.ts';
import { openApiFile } from './openapi-file.ts';
import { shapingPage } from './providers-table.ts';

const files = {
  ...configFiles,
  'docs/dialects.md': dialectsPage(),
  'docs/shaping.md': shapingPage(),
  'docs/openapi.json': openApiFile(),
};

const stale = Object.entries(files).filter(([file, text]) => {
  try {
    return readFileSync(file, 'utf8') !== text;
  } catch {
    return true;
  }
});
if (process.argv.includes('--check')) {
  for (const [file] of stale) console.error(`${file} is stale: run "npm run generate".`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else for (const [file, text] of stale) writeFileSync(file, text);
