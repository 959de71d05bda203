// Preloaded into the program: asks it to stop when the launcher or npm that it was started by is killed.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

const CHECK_MS = 250;

// A killed parent cannot forward a signal; its child would go on holding the ports and the data folder.
if (isMainThread) {
  const chain = ancestors(new URL(import.meta.url).searchParams.has('npm'));
  const timer = setInterval(() => {
    if (chain.every((pid, index) => index === 0 || parentOf(chain[index - 1]) === pid)) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_MS);
  timer.unref();
}

/** This process and those above it: the parent alone, or all up to npm, which keeps a shell in between. */
function ancestors(upToNpm) {
  const chain = [process.pid, process.ppid];
  while (upToNpm && isOurs(chain.at(-1))) {
    const next = parentOf(chain.at(-1));
    if (next === undefined) break;
    chain.push(next);
  }
  return chain;
}

/** Whether a process is the launcher or the shell that npm runs a script with, so not yet npm. */
function isOurs(pid) {
  const words = read(`/proc/${pid}/cmdline`).split('\0');
  return words[1] === '-c' || words.some((word) => word.endsWith('/launch.mjs'));
}

function parentOf(pid) {
  if (pid === process.pid) return process.ppid;
  // "pid (name) state parent …", and the name may hold anything.
  const parent = Number(read(`/proc/${pid}/stat`).split(') ').at(-1).split(' ')[1]);
  return Number.isInteger(parent) ? parent : undefined;
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
