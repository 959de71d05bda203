// What the watch looks at: mail that waits, room in Redis and on disk, certificates, DKIM keys in the DNS.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import { sayMoment } from '../lib/moment.ts';
import type { AlertsConfig } from './config.ts';
import type { Check, Finding } from './watch.ts';
import { reasonOf } from '../lib/reason.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** What is bad must be better by so much before it is over: else it would begin and end all day. */
const MARGIN = 0.1;
const CALM_ROUNDS = 2;

type At = Readonly<{ config: AlertsConfig; clock: Clock }>;

/** The delivery that has been due for the longest time; undefined: none is. */
export type OldestDue = Readonly<{ id: string; due: EpochMs; transport: string }>;

/** Mail that nobody takes up although its time has come. */
export function queueAgeCheck({ config, clock }: At, oldest: () => Promise<OldestDue | undefined>): Check {
  return {
    kind: 'queue-age',
    everyMs: MINUTE,
    calm: CALM_ROUNDS,
    look: async () => {
      const one = await oldest();
      const age = one ? clock.now() - one.due : 0;
      const way = one?.transport ? `transport ${one.transport}` : 'a transport, of which its pool has none';
      const reason =
        one && age >= config.queueAge
          ? `Mail that is due waits for ${sayDuration(age)} by now: the oldest is ${one.id}, for ${way}.`
          : 'Mail that is due leaves in time again.';
      return [{ key: 'queue', reason, state: grade(age, config.queueAge) }];
    },
  };
}

/** Bytes in use or free, and how many there may or must be. */
export type Room = Readonly<{ redisUsed: number; redisLimit: number; diskFree: number }>;

/** Redis' memory, before intake stops. */
export function redisCheck(
  { config }: At,
  room: () => Promise<Pick<Room, 'redisUsed' | 'redisLimit'>>,
): Check {
  return {
    kind: 'redis',
    everyMs: MINUTE,
    calm: CALM_ROUNDS,
    look: async () => {
      const { redisUsed, redisLimit } = await room();
      const percent = (redisUsed / redisLimit) * 100;
      const state = grade(percent, config.memory);
      const figures = `${megabytes(redisUsed)} of the ${megabytes(redisLimit)} that mail may take`;
      const reason =
        state === 'bad'
          ? `Redis uses ${figures}; at 100 % no mail is accepted any more (452).`
          : `Redis uses ${figures}.`;
      return [{ key: 'memory', state, reason }];
    },
  };
}

/** The disk of the data folder. */
export function diskCheck(
  { config }: At,
  { key, free }: Readonly<{ key: string; free: () => Promise<number> }>,
): Check {
  return {
    kind: 'disk',
    everyMs: MINUTE,
    calm: CALM_ROUNDS,
    look: async () => {
      const bytes = await free();
      const state =
        bytes < config.freeDisk ? 'bad' : bytes > config.freeDisk * (1 + MARGIN) ? 'fine' : 'unknown';
      return [{ key, state, reason: `There are ${megabytes(bytes)} free in the data folder of ${key}.` }];
    },
  };
}

/** A certificate that one of our listeners uses. */
export type CertificateFile = Readonly<{ file: string; use: string }>;

/** Certificates that end soon, or cannot be read. */
export function certificateCheck({ config, clock }: At, files: readonly CertificateFile[]): Check {
  return {
    kind: 'certificate',
    everyMs: HOUR,
    badEveryMs: 5 * MINUTE,
    calm: 1,
    look: () => Promise.all(files.map((file) => lookAtCertificate(file, { config, clock }))),
  };
}

async function lookAtCertificate({ file, use }: CertificateFile, { config, clock }: At): Promise<Finding> {
  try {
    const { validTo } = new X509Certificate(await readFile(file));
    const ends = Date.parse(validTo);
    const left = ends - clock.now();
    const day = sayMoment(ends, 'day');
    if (left <= 0)
      return { key: file, state: 'bad', reason: `The certificate ${file} (${use}) has ended on ${day}.` };
    const reason = `The certificate ${file} (${use}) ends on ${day}, in ${sayDuration(left)}.`;
    return { key: file, state: left < config.certificateDays * DAY ? 'bad' : 'fine', reason };
  } catch (error) {
    const why = reasonOf(error);
    return { key: file, state: 'bad', reason: `The certificate ${file} (${use}) cannot be read: ${why}.` };
  }
}

/** A DKIM key of ours as the DNS shows it. */
export type DkimFinding = Readonly<{ name: string; state: 'ok' | 'missing' | 'different' | 'unknown' }>;

/** Keys that we sign with and the DNS does not show. */
export function dkimCheck(
  domains: () => readonly Readonly<{ name: string; account: string }>[],
  look: (domain: string) => Promise<readonly DkimFinding[]>,
): Check {
  return {
    kind: 'dkim',
    everyMs: DAY,
    badEveryMs: HOUR,
    calm: 1,
    look: async () => {
      const findings: Finding[] = [];
      // One after the other: there is all day, and the resolver has other work.
      for (const { name, account } of domains()) findings.push(sayDkim(name, account, await look(name)));
      return findings;
    },
  };
}

function sayDkim(domain: string, account: string, found: readonly DkimFinding[]): Finding {
  const wrong = found.filter(({ state }) => state === 'missing' || state === 'different');
  const common = { key: domain, account } as const;
  if (wrong.length > 0) {
    const list = wrong.map(
      ({ name, state }) => `${name} is ${state === 'missing' ? 'missing' : 'another key'}`,
    );
    return {
      ...common,
      state: 'bad',
      reason: `The DNS does not show the DKIM keys of ${domain} (${list.join(', ')}): its mail fails DKIM.`,
    };
  }
  const isKnown = found.every(({ state }) => state === 'ok');
  return {
    ...common,
    state: isKnown ? 'fine' : 'unknown',
    reason: `The DNS shows the DKIM keys of ${domain}.`,
  };
}

/** A resolver that once gives no answer says nothing; one that goes on like that does. */
const SILENT_ROUNDS = 3;

/** DANE that is asked for and not used, since a resolver does not validate: mail goes as if it were off. */
export function daneCheck(
  host: string,
  validate: () => Promise<Readonly<{ ok: boolean; isKnown: boolean; sentence: string }>>,
): Check {
  let silent = 0;
  return {
    kind: 'dane',
    everyMs: MINUTE,
    calm: CALM_ROUNDS,
    look: async () => {
      const { ok, isKnown, sentence } = await validate();
      silent = isKnown ? 0 : silent + 1;
      const bad = isKnown || silent >= SILENT_ROUNDS ? 'bad' : 'unknown';
      return [{ key: host, state: ok ? 'fine' : bad, reason: sentence }];
    },
  };
}

/** Listeners of this process: why each is in trouble, undefined where it is not. */
export function listenerCheck(
  listeners: readonly Readonly<{ name: string; trouble(): string | undefined }>[],
): Check {
  return {
    kind: 'listener',
    everyMs: MINUTE,
    calm: CALM_ROUNDS,
    look: () =>
      Promise.resolve(
        listeners.map(({ name, trouble }) => {
          const problem = trouble();
          return {
            key: name,
            state: problem === undefined ? 'fine' : 'bad',
            reason: problem ?? `The ${name} listener works as it should.`,
          };
        }),
      ),
  };
}

/** Bad from `limit` on; fine again well below it. */
function grade(value: number, limit: number): Finding['state'] {
  if (value >= limit) return 'bad';
  return value < limit * (1 - MARGIN) ? 'fine' : 'unknown';
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
