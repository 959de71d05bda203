// Connections to Redis for their purposes, with every failure mapped to a RedisTrouble; the only file that imports ioredis.
import { createHash } from 'node:crypto';
import { Redis as IoRedis, type RedisOptions } from 'ioredis';
import type { Log } from '../lib/log.ts';
import { RedisTrouble, type Redis, type RedisArgument, type Script, type Trouble } from '../lib/script.ts';
import { parseRedisUrl, type RedisAddress } from './redis-url.ts';

/**
 * accept: fails at once when Redis is away and after 4 s when it is slow; nothing is sent twice.
 * work: for BullMQ and delivering; waits until Redis is back, and may repeat a command whose answer got lost.
 * blocking: as work, for commands that wait in Redis (at most 25 s each).
 * events: as accept, for the stream's reader and for a process that only asks.
 */
export type Purpose = 'accept' | 'work' | 'blocking' | 'events';

export type ConnectOptions = Readonly<{
  /** redis://, rediss://, redis+sentinel://host:26379,host2/name, unix:/path or an absolute path. */
  url: string;
  purpose: Purpose;
  /** How many sockets; `at(index)` spreads over them. Default 1. */
  connections?: number;
  /** What our keys begin with, such as "postino:". Only handed on: nothing is prefixed behind the caller's back. */
  prefix: string;
  log: Log;
}>;

export type ConnectionState = 'ready' | 'away';

export type RedisConnection = Redis &
  Readonly<{
    /** As `run`, with bulk strings as Buffers. */
    runBuffer(script: Script, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown>;
    /** The connection that this index is spread to (any whole number). The same index is always the same socket, in order. */
    at(index: number): Redis;
    prefix: string;
    /** True where a replica must confirm writes: after a write, `call('WAIT', 1, ms)` on the same index. */
    replicated: boolean;
    /** The ioredis instance of index 0, for BullMQ. */
    raw: IoRedis;
    state(): ConnectionState;
    /** Why the last attempt to connect failed, such as "WRONGPASS …" or "connect ECONNREFUSED …"; undefined when none did since it was last ready. */
    lastFailure(): string | undefined;
    /** Calls `listener` at each change; the returned function ends that. */
    onState(listener: (state: ConnectionState) => void): () => void;
    /** Resolves true at the first moment Redis is ready, false when `signal` aborts before. */
    whenReady(signal?: AbortSignal): Promise<boolean>;
    /**
     * Receives a channel's messages on a socket of its own, again after a reconnection. Messages sent before are lost:
     * `subscribed` is called each time from when on they are received. The returned function ends it.
     */
    subscribe(channel: string, listener: (message: string) => void, subscribed?: () => void): () => void;
    /** Closes all sockets; what still waits for an answer fails with trouble 'away'. */
    close(): Promise<void>;
  }>;

const COMMAND_TIMEOUT_MS = 4000;
const RECONNECT_MAX_MS = 500;
/** A socket that owes us answers and says nothing for so long is torn down: a vanished peer sends no RST. */
const SILENCE_MS: Readonly<Record<Purpose, number>> = {
  accept: 8000,
  work: 30_000,
  blocking: 30_000,
  events: 8000,
};

/** Opens connections. Returns at once; `whenReady` waits. Throws only for an address that cannot be read. */
export function connectRedis(options: ConnectOptions): RedisConnection {
  const address = parseRedisUrl(options.url);
  if ('problem' in address) throw new Error(`redis: ${address.problem}`);
  const sockets = Array.from({ length: options.connections ?? 1 }, () => openSocket(address, options));
  const first = sockets[0] ?? openSocket(address, options);
  const lines = sockets.map(makeLine);
  const line = lines[0] ?? makeLine(first);
  const listeners = watchState(first, options);
  let lastFailure: string | undefined;
  first
    .on('error', (error: Error) => (lastFailure = error.message))
    .on('ready', () => (lastFailure = undefined));
  const subscribers: IoRedis[] = [];
  return {
    ...line,
    at: (index) => lines[index % lines.length] ?? line,
    prefix: options.prefix,
    replicated: address.kind === 'sentinel',
    raw: first,
    state: () => (first.status === 'ready' ? 'ready' : 'away'),
    lastFailure: () => lastFailure,
    onState: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    whenReady: (signal) => whenReady(first, signal),
    subscribe: (channel, listener, subscribed) => {
      const subscriber = openSubscriber(address, options, channel, subscribed);
      subscriber.on('message', (_, message) => listener(message));
      subscribers.push(subscriber);
      return () => subscriber.disconnect();
    },
    close: async () => {
      listeners.clear();
      first.removeAllListeners('close'); // an end that was asked for is no news
      for (const socket of [...sockets, ...subscribers]) socket.disconnect();
    },
  };
}

/** Sorts a failure by what waiting can do about it. */
export function troubleOf(cause: unknown): RedisTrouble {
  if (cause instanceof RedisTrouble) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new RedisTrouble(kindOf(message), `Redis: ${message}`, { cause });
}

function kindOf(message: string): Trouble {
  if (message === 'Command timed out') return 'slow';
  if (/\bOOM\b|^MISCONF|No space left/.test(message)) return 'full';
  // LOADING to NOREPLICAS: a server that starts, fails over or has lost its replicas. The rest are ioredis' own.
  if (/^(LOADING|READONLY|MASTERDOWN|NOREPLICAS|TRYAGAIN|BUSY |NOAUTH|UNBLOCKED)/.test(message))
    return 'away';
  if (
    /Connection is closed|isn't writeable|max retries per request|Command aborted|ECONN|EPIPE|ENOENT|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|[Ss]ocket|sentinels/.test(
      message,
    )
  )
    return 'away';
  return 'broken';
}

function openSocket(address: RedisAddress, options: ConnectOptions): IoRedis {
  const socket = new IoRedis({ ...whereOptions(address), ...purposeOptions(options.purpose) });
  // Without a listener ioredis prints to the console; the state's change is what we report.
  socket.on('error', (error: Error) =>
    options.log.debug({ error: error.message }, 'Redis connection failed.'),
  );
  shareWrites(socket);
  return socket;
}

function openSubscriber(
  address: RedisAddress,
  options: ConnectOptions,
  channel: string,
  subscribed: (() => void) | undefined,
): IoRedis {
  const socket = new IoRedis({
    ...whereOptions(address),
    ...purposeOptions('work'),
    autoResubscribe: false,
  });
  socket.on('error', (error: Error) =>
    options.log.debug({ error: error.message }, 'Redis subscription failed.'),
  );
  // A subscription that fails with its connection is tried again at the next 'ready'.
  socket.on('ready', () => void socket.subscribe(channel).then(subscribed, () => {}));
  return socket;
}

/** RESP2 only, see purposeOptions. */
type SocketOptions = RedisOptions & { replyMapping?: 'legacy' };

function whereOptions(address: RedisAddress): SocketOptions {
  const login = {
    db: address.db,
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
  };
  if (address.kind === 'unix') return { path: address.path, ...login };
  if (address.kind === 'sentinel') return { sentinels: [...address.sentinels], name: address.name, ...login };
  return { host: address.host, port: address.port, ...(address.tls ? { tls: {} } : {}), ...login };
}

function purposeOptions(purpose: Purpose): SocketOptions {
  const patient = purpose === 'work' || purpose === 'blocking';
  return {
    // RESP2 keeps the flat replies that scripts and BullMQ have always seen, whatever the server's age.
    protocol: 2,
    enableOfflineQueue: patient,
    autoResendUnfulfilledCommands: patient,
    maxRetriesPerRequest: patient ? null : 0,
    ...(patient ? {} : { commandTimeout: COMMAND_TIMEOUT_MS }),
    connectTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS[purpose],
    retryStrategy: (times) => Math.min(times * 50, RECONNECT_MAX_MS),
    sentinelRetryStrategy: (times) => Math.min(times * 50, RECONNECT_MAX_MS),
    // A master that became a replica keeps its sockets open: ask again who the master is.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

/**
 * Commands of one event-loop turn share one write, in the order they were issued, BullMQ's included. ioredis' own
 * auto-pipelining waits for the previous batch's answer, which adds round trips and lets time-outs add up.
 */
function shareWrites(socket: IoRedis): void {
  const send = socket.sendCommand.bind(socket);
  let corked: IoRedis['stream'] | undefined;
  socket.sendCommand = (command, stream) => {
    const now = socket.stream;
    if (corked === undefined && now !== undefined && now !== null) {
      corked = now;
      now.cork();
      setImmediate(() => {
        corked = undefined;
        now.uncork();
      });
    }
    return send(command, stream);
  };
}

type Line = Redis & Pick<RedisConnection, 'runBuffer'>;

function makeLine(socket: IoRedis): Line {
  const loaded = new Set<string>();
  socket.on('close', () => loaded.clear());
  /** EVAL the first time and after a reconnection, so that later EVALSHAs, sent behind it, find the script. */
  const run = async (
    how: 'call' | 'callBuffer',
    script: Script,
    keys: readonly string[],
    args: readonly RedisArgument[],
  ): Promise<unknown> => {
    if (keys.length !== script.keyCount)
      throw new RedisTrouble(
        'broken',
        `${script.name}: got ${keys.length} keys instead of ${script.keyCount}`,
      );
    const sha = shaOf(script);
    const rest = [keys.length, ...keys, ...args];
    const known = loaded.has(sha);
    loaded.add(sha);
    try {
      return await (known
        ? socket[how]('EVALSHA', sha, ...rest)
        : socket[how]('EVAL', script.source, ...rest));
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw troubleOf(error);
    }
    return socket[how]('EVAL', script.source, ...rest).catch(fail);
  };
  return {
    run: (script, keys, args) => run('call', script, keys, args),
    runBuffer: (script, keys, args) => run('callBuffer', script, keys, args),
    // In upper case ioredis leaves replies as they are (it turns hgetall's, in lower case, into an object).
    call: (command, ...args) => socket.call(command.toUpperCase(), ...args).catch(fail),
    callBuffer: (command, ...args) => socket.callBuffer(command.toUpperCase(), ...args).catch(fail),
  };
}

function fail(cause: unknown): never {
  throw troubleOf(cause);
}

const shas = new WeakMap<Script, string>();

function shaOf(script: Script): string {
  const known = shas.get(script);
  if (known !== undefined) return known;
  const sha = createHash('sha1').update(script.source).digest('hex');
  shas.set(script, sha);
  return sha;
}

function watchState(socket: IoRedis, options: ConnectOptions): Set<(state: ConnectionState) => void> {
  const listeners = new Set<(state: ConnectionState) => void>();
  let last: ConnectionState = 'away';
  let everAway = false;
  const tell = (state: ConnectionState): void => {
    if (state === last) return;
    last = state;
    const wasAway = everAway;
    everAway ||= state === 'away';
    const fields = { purpose: options.purpose };
    if (state === 'ready') options.log[wasAway ? 'info' : 'debug'](fields, 'Redis is there.');
    else options.log.warn(fields, 'Redis is away; trying again until it is back.');
    for (const listener of listeners) listener(state);
  };
  socket.on('ready', () => tell('ready'));
  socket.on('close', () => tell('away'));
  return listeners;
}

function whenReady(socket: IoRedis, signal: AbortSignal | undefined): Promise<boolean> {
  if (socket.status === 'ready') return Promise.resolve(true);
  if (signal?.aborted || socket.status === 'end') return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = (is: boolean) => (): void => {
      socket.off('ready', ready).off('end', ended);
      signal?.removeEventListener('abort', ended);
      resolve(is);
    };
    const ready = done(true);
    const ended = done(false);
    socket.on('ready', ready).on('end', ended);
    signal?.addEventListener('abort', ended);
  });
}
