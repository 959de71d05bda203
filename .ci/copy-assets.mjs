// Copies what the compiler leaves out (Lua scripts, pages, style sheets, their words) from src to dist.
import { cpSync, globSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

for (const file of globSync('src/**/*.{lua,html,css,js,json,mjs,svg}')) {
  const target = file.replace(/^src/, 'dist');
  mkdirSync(dirname(target), { recursive: true });
  cpSync(file, target);
}
