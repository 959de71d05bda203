// Finds a Node that can run Postino: the one that runs the launcher, or the one among the dependencies.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Sentence } from './shell.mjs';

const NEEDED = [24, 15];
/** Where npm has a Node for us as an ordinary package (built with glibc). */
const BUNDLED = ['linux x64', 'linux arm64'];

/** Whether a version such as "24.15.0" runs TypeScript and node:sqlite without a warning. Pure. */
export function fits(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** 'own' when this Node fits, 'bundled' when the dependencies bring one; throws a sentence when neither. */
export function canHaveNode(running = process) {
  if (fits(running.versions.node)) return 'own';
  const glibc = running.report?.getReport?.().header.glibcVersionRuntime !== undefined;
  if (BUNDLED.includes(`${running.platform} ${running.arch}`) && glibc) return 'bundled';
  throw new Sentence(
    `Postino needs Node ${NEEDED.join('.')} or newer, and this is ${running.versions.node}: ` +
      'install it from https://nodejs.org (or with "nvm install 24") and start again.',
  );
}

/** The Node among the dependencies, if it is there. */
export function bundledNode(root) {
  const file = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  return existsSync(file) ? file : undefined;
}

/** The Node to run Postino with. */
export function provideNode(root) {
  if (canHaveNode() === 'own') return process.execPath;
  const node = bundledNode(root);
  if (node) return node;
  throw new Sentence(
    'Node 24 is missing from node_modules: run "npm ci --include=optional" and start again.',
  );
}
