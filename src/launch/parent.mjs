// Preloaded into the program: asks it to stop when the launcher or npm that it was started by is killed.
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

const CHECK_MS = 250;

// A killed parent cannot forward a signal; its child would go on holding the ports and the data folder.
if (isMainThread) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_MS);
  timer.unref();
}
