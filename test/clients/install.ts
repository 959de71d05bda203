// Runs once before the client tests: brings the clients that are missing (see install.sh), or says which are.
import { spawnSync } from 'node:child_process';
import { UNPACKED } from './client.ts';

export function setup(): void {
  const script = new URL('install.sh', import.meta.url).pathname;
  spawnSync('bash', [script, UNPACKED], { stdio: 'inherit', timeout: 900_000 });
}
