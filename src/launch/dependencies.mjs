// Installs the dependencies of the lock file when node_modules does not hold them.
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { bundledNode, canHaveNode } from './node.mjs';
import { Sentence, alone, findProgram, pathFolders, runQuietly, say } from './shell.mjs';

/** Makes sure that node_modules holds what the lock file names (`dev`: with the development tools). */
export async function provideDependencies(root, { dev, env }) {
  if (!existsSync(join(root, 'package-lock.json'))) return; // a built copy without sources brings its own
  if (complete(root, dev)) return linkCommand(root);
  canHaveNode(); // before a download that would be for nothing
  await alone(root, async () => {
    if (complete(root, dev)) return; // somebody else has just done it
    say('Installing dependencies (once, about half a minute) …');
    const result = await runQuietly([...npm(root, env), 'ci', ...npmFlags(dev)], {
      cwd: root,
      env: { ...env, PATH: withoutBin(root, env).join(delimiter) },
      limitMs: 1_200_000,
    });
    if (!result.ok)
      throw new Sentence(`${result.text}\nThe dependencies could not be installed: npm's words are above.`);
  });
  linkCommand(root);
}

/** Lets `npx postino` find us: npm links the commands of dependencies, but not a checkout's own. */
export function linkCommand(root) {
  const folder = join(root, 'node_modules', '.bin');
  try {
    mkdirSync(folder, { recursive: true });
    symlinkSync(join('..', '..', 'src', 'launch.mjs'), join(folder, 'postino'));
  } catch {
    // It is there already, or node_modules belongs to somebody else; starting does not need it.
  }
}

const npmFlags = (dev) => [
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--include=optional',
  ...(dev ? ['--include=dev'] : []),
];

/**
 * Whether `installed` (npm's own record in node_modules) holds every package that `lock` asks for in that very
 * version. npm writes the record last, so an interrupted install has none. Pure.
 */
export function satisfies(lock, installed, dev) {
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed.packages[path];
    if (!found) return wanted.optional || wanted.devOptional || (wanted.dev && !dev) || false;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

function complete(root, dev) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const satisfied = satisfies(lock, JSON.parse(readFileSync(record, 'utf8')), dev);
  return satisfied && (canHaveNode() === 'own' || bundledNode(root) !== undefined);
}

/** npm empties node_modules first, so it must not run with the Node in there. */
const withoutBin = (root, env) => pathFolders(env, join(root, 'node_modules'));

function npm(root, env) {
  const outer = env.npm_execpath ?? '';
  const runner = env.npm_node_execpath ?? '';
  const outside = runner && !runner.startsWith(join(root, 'node_modules')) && existsSync(runner);
  if (outside && /npm-cli\.c?js$/.test(outer) && existsSync(outer)) return [runner, outer];
  const found = findProgram(process.platform === 'win32' ? ['npm.cmd'] : ['npm'], withoutBin(root, env));
  if (!found) throw new Sentence('Postino needs npm to install its dependencies, and it is not on the PATH.');
  return [found];
}
