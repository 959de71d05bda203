// Builds the dashboard when its sources have changed, where the tools for that are installed; without it the page says what to run.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly, say } from './shell.mjs';

/** Never fails: mail matters more than pages. `node`: the program to build with. */
export async function provideDashboard(root, node) {
  const build = join(root, 'src', 'http', 'dashboard', 'build.mjs');
  if (!existsSync(build) || !existsSync(join(root, 'node_modules', 'vite'))) return;
  if (!existsSync(join(root, 'dist', 'dashboard'))) say('Building the dashboard (once, some seconds) …');
  const result = await runQuietly([node, build, '--if-stale'], { cwd: root, limitMs: 120_000 });
  if (!result.ok) say(`${result.text}\nThe dashboard could not be built; the words above say why.`);
}
