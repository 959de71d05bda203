#!/usr/bin/env node
// Starts Postino from a bare checkout: provides dependencies, Node and a Redis server, then runs the program.
// Plain JavaScript without a dependency: it runs on Node 20, before anything is installed.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { provideDashboard } from './launch/dashboard.mjs';
import { linkCommand, provideDependencies } from './launch/dependencies.mjs';
import { bundledNode, provideNode } from './launch/node.mjs';
import { Sentence, say } from './launch/shell.mjs';
import { provideRedis, wantsEmbeddedRedis } from './launch/redis.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

/**
 * Bounds of the heap: bodies are not in it, and without them V8 lets it grow to twice the memory for nothing. NODE_OPTIONS
 * may say otherwise for an installation with many thousands of connections.
 */
export const HEAP = ['--max-semi-space-size=32', '--max-old-space-size=800'];

/** What the arguments ask for: `--run tool …` runs a development tool, everything else is Postino's own. */
export function readArguments(args) {
  if (args[0] === '--run') return { tool: args[1], rest: args.slice(2) };
  const flag = args.findIndex((arg) => arg === '--config' || arg.startsWith('--config='));
  const value = args[flag]?.includes('=') ? args[flag].slice('--config='.length) : args[flag + 1];
  return { rest: args, redis: ['start', 'restore'].includes(args[0]), config: flag < 0 ? undefined : value };
}

/** The environment of the program: compiled code is kept, so that the second start is quick. */
export function environment(env, { node, redis, tool }) {
  const cache = join(root, 'node_modules', '.cache', 'postino');
  const first = [dirname(node), redis && dirname(redis), tool && join(root, 'node_modules', '.bin')];
  const path = [...first.filter(Boolean), env.PATH ?? ''].join(delimiter);
  return {
    NODE_COMPILE_CACHE: cache,
    ...env,
    ...(redis ? { POSTINO_REDIS_SERVER: redis } : {}),
    ...(tool ? { PATH: path } : {}),
  };
}

/**
 * The arguments for Node. With `watch`, a preload makes the program stop when the process that it was started by is
 * killed: 'parent' (a launcher that stayed) or 'npm'. A shell or a service manager may go without meaning that.
 */
export function nodeArguments({ tool, rest }, watch) {
  if (tool) return [realpathSync(join(root, 'node_modules', '.bin', tool)), ...rest];
  const main = existsSync(join(here, 'main.ts')) ? join(here, 'main.ts') : join(here, 'main.js');
  const preload = `${pathToFileURL(join(here, 'launch', 'parent.mjs')).href}?${watch}`;
  const heap = process.env.NODE_OPTIONS?.includes('--max-old-space-size') ? [] : HEAP;
  return [...heap, ...(watch ? ['--import', preload] : []), main, ...rest];
}

function configText(path, env) {
  const file = path ?? (env.POSTINO_CONFIG || join('config', 'postino.yaml'));
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Replaces this process by the program where Node can do that, else stays as its parent. */
function run(node, ask, env) {
  const npm = ['start', 'postino', 'npx'].includes(env.npm_lifecycle_event ?? '') ? 'npm' : undefined;
  if (process.execve) process.execve(node, [node, ...nodeArguments(ask, npm)], env);
  const child = spawn(node, nodeArguments(ask, npm ?? 'parent'), { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      // Ctrl-C at a terminal reaches the child by itself; a second copy would read as "hurry".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  child.on('error', (error) => fail(new Sentence(`Postino could not run ${node}: ${error.message}.`)));
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

async function launch(args, env) {
  if (args[0] === '--link') {
    linkCommand(root);
    return provideDashboard(root, bundledNode(root) ?? process.execPath);
  }
  const ask = readArguments(args);
  if (args[0] === '--run' && !ask.tool) throw new Sentence('--run needs the name of a tool, such as vitest.');
  const tool = ask.tool !== undefined;
  await provideDependencies(root, { dev: tool, env });
  const node = provideNode(root);
  const needsRedis = tool || (ask.redis && wantsEmbeddedRedis(configText(ask.config, env), env));
  if (ask.rest[0] === 'start') await provideDashboard(root, node);
  const redis = needsRedis ? await provideRedis(root, env) : undefined;
  run(node, ask, environment(env, { node, redis, tool }));
}

function fail(error) {
  say(error instanceof Sentence ? error.message : (error.stack ?? String(error)));
  process.exit(1);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  launch(process.argv.slice(2), process.env).catch(fail);
