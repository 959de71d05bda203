// What a mail client is to these tests: how it talks to the relay, what it needs, and how it sends one letter.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Relay, RelayUser } from '../support/relay.ts';
import type { Letter } from './letter.ts';

/** Where install.sh unpacks what cannot be installed beside other packages. */
export const UNPACKED = new URL('../../node_modules/.cache/postino/clients', import.meta.url).pathname;

/** One letter to send. `to` is shown in the header; `bcc` must not be. */
export type Errand = Readonly<{
  relay: Relay;
  user: RelayUser;
  from: string;
  to: string;
  bcc: string;
  letter: Letter;
  /** An empty folder of its own. */
  folder: string;
}>;

export type Sent = Readonly<{
  /** The message as the client made it, with its header; undefined when it never came so far. */
  raw: Buffer | undefined;
  /** Everything that the client told its user or wrote to its log. */
  said: string;
}>;

export type Client = Readonly<{
  name: string;
  tls: 'none' | 'starttls' | 'implicit';
  auth: 'PLAIN' | 'LOGIN' | 'by address';
  user: 'shop' | 'office';
  /** Files without which it cannot be run. */
  needs: readonly string[];
  /** A mail server with a queue: it reports a refusal to the sender by mail, and tells its log. */
  isServer?: boolean;
  send(errand: Errand): Promise<Sent>;
}>;

/** The first file that a client lacks. */
export function lackOf(client: Client): string | undefined {
  return client.needs.find((file) => !existsSync(file));
}

export type Ran = Readonly<{ code: number | null; said: string }>;

export type RunOptions = Readonly<{
  input?: Buffer;
  env?: Readonly<Record<string, string>>;
  ms?: number;
}>;

/** Runs a program to its end, at most 30 s (or `ms`), with an environment of its own. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [file = '', ...args] = command;
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C.UTF-8',
    ...options.env,
  };
  const child = spawn(file, args, { env, timeout: options.ms ?? 30_000, killSignal: 'SIGKILL' });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}

/** The certificate that the relay made for itself, for clients that check it. */
export function certificateOf(relay: Relay): string {
  return join(relay.data, 'tls', 'self-signed.crt');
}

/** The relay's port for a way of TLS. */
export function portFor({ ports }: Relay, tls: Client['tls']): number {
  return { none: ports.plain, starttls: ports.starttls, implicit: ports.implicit }[tls];
}
