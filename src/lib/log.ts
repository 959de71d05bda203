// The log: structured lines by pino, with secrets redacted; the only file that imports pino.
import { pino } from 'pino';

type Fields = Readonly<Record<string, unknown>>;

/** A structured log. Fields first, then one sentence. `warn` is for what an operator should act on. */
export type Log = Readonly<{
  error(fields: Fields, sentence: string): void;
  warn(fields: Fields, sentence: string): void;
  info(fields: Fields, sentence: string): void;
  debug(fields: Fields, sentence: string): void;
  /** The same log with fields that every line carries. */
  child(fields: Fields): Log;
}>;

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

const SECRET_FIELDS = ['password', '*.password', 'privateKey', '*.privateKey', 'auth', 'authorization'];

/** Makes a log that writes JSON lines to standard output (or to `destination`, a file descriptor). */
export function makeLog(level: LogLevel, destination = 1): Log {
  return pino(
    { level, redact: SECRET_FIELDS, timestamp: pino.stdTimeFunctions.isoTime, base: null },
    pino.destination({ dest: destination, sync: false }),
  );
}

/** A log that says nothing, for tests and one-shot commands. */
export const silentLog: Log = pino({ level: 'silent' });
