// Redis as the stages see it: Lua scripts kept in files, plain commands, and three kinds of trouble.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One Lua script: its name, its source, and how many of its arguments are keys. */
export type Script = Readonly<{ name: string; source: string; keyCount: number }>;

export type RedisArgument = string | number | Buffer;

/** The part of a Redis connection that a stage may use. Every failure is a RedisTrouble. */
export type Redis = Readonly<{
  /** Runs a script (EVALSHA, loaded on demand). Commands of one event-loop turn share one write. */
  run(script: Script, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown>;
  /** Runs one plain command, such as `call('HGETALL', key)`. */
  call(command: string, ...args: readonly RedisArgument[]): Promise<unknown>;
  /** The same, with bulk strings as Buffers (for message bodies). */
  callBuffer(command: string, ...args: readonly RedisArgument[]): Promise<unknown>;
}>;

/** away: not connected or failing over; slow: no answer in time (it may still have run!); full: OOM or disk; broken: the rest. */
export type Trouble = 'away' | 'slow' | 'full' | 'broken';

/** Redis could not do what was asked; `kind` says whether waiting helps. */
export class RedisTrouble extends Error {
  readonly kind: Trouble;
  constructor(kind: Trouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RedisTrouble';
    this.kind = kind;
  }
}

/**
 * Loads a Lua script. The file name ends in the number of its keys ("submit-5.lua"), as its header says.
 * `url` is `new URL('./scripts/submit-5.lua', import.meta.url)`.
 */
export function loadScript(url: URL): Script {
  const file = basename(fileURLToPath(url));
  const match = /^(.+)-(\d+)\.lua$/.exec(file);
  if (!match?.[1])
    throw new Error(`${file}: a script's name must end in its number of keys, such as submit-5.lua`);
  return { name: match[1], source: readFileSync(url, 'utf8'), keyCount: Number(match[2]) };
}
