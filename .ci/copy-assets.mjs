// Copies what the compiler leaves out (Lua scripts, style sheets, words) from src to dist; the dashboard is built on its own.
import { cpSync, globSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

for (const file of globSync('src/**/*.{lua,html,css,js,json,mjs,svg}')) {
  if (file.startsWith('src/http/dashboard/')) continue;
  const target = file.replace(/^src/, 'dist');
  mkdirSync(dirname(target), { recursive: true });
  cpSync(file, target);
}
