// What the launcher's parts share: sentences for people, programs on the PATH, and the lock for installing.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** A problem that is explained by its message alone. */
export class Sentence extends Error {}

/** Tells the person at the terminal; standard output stays free for the program. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** The first of `names` that is an executable file in one of `folders`. */
export function findProgram(names, folders) {
  for (const name of names) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (found) return found;
  }
  return undefined;
}

/** The folders of a PATH, without those in `except`. */
export function pathFolders(env, except = '') {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder && !(except && folder.startsWith(except)));
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Runs a program to its end; `ok` is whether it ended with 0, `text` what it wrote. Never throws. */
export function runQuietly(command, { env, cwd, limitMs = 600_000 } = {}) {
  return new Promise((resolve) => {
    const [program, ...args] = command;
    const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (text = (text + chunk).slice(-20_000)));
    child.on('error', (error) => resolve({ ok: false, text: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, text: text.trim() }));
  });
}

/**
 * Runs `task` while no other launcher of this checkout runs its own. The lock is a listening socket, so it ends
 * with its process; on Linux it has an abstract name, which leaves nothing behind either.
 */
export async function alone(root, task) {
  const id = createHash('sha256')
    .update(`${process.getuid?.() ?? ''} ${root}`)
    .digest('hex')
    .slice(0, 24);
  const name = process.platform === 'linux' ? `\0postino-${id}` : join(tmpdir(), `postino-${id}.sock`);
  let lock = await listen(name);
  if (!lock) say('Waiting for another start that is installing …');
  while (!lock) {
    if (!(await waitForEnd(name)) && process.platform !== 'linux') rmSync(name, { force: true });
    lock = await listen(name);
  }
  try {
    return await task();
  } finally {
    lock.release();
  }
}

function listen(name) {
  return new Promise((resolve, reject) => {
    const waiting = new Set();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => undefined).on('close', () => waiting.delete(socket));
    });
    const release = () => {
      server.close();
      for (const socket of waiting) socket.destroy();
    };
    server.on('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(name, () => resolve({ release }));
  });
}

/** True when the holder of the lock ended while we were connected, false when nobody held it. */
function waitForEnd(name) {
  return new Promise((resolve) => {
    let held = false;
    const socket = connect(name, () => (held = true));
    socket.on('error', () => undefined).on('close', () => resolve(held));
    socket.resume();
  });
}
