// Sends the day's reports about TLS (RFC 8460) to those who want them: by mail or HTTPS, tried again for a day.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import { dayOf, plusDays } from '../../lib/day.ts';
import type { Log } from '../../lib/log.ts';
import type { Dns } from '../resolve.ts';
import type { Https } from './https.ts';
import type { TlsCounts } from './tls-counts.ts';
import { readTlsRecord, type Destination } from './tls-record.ts';
import {
  reportId,
  writeReport,
  writeReportMail,
  type Day,
  type ReportFrame,
  type ReportMail,
} from './tls-report.ts';

export type TlsReporterDeps = Readonly<{
  counts: TlsCounts;
  dns: Pick<Dns, 'txt'>;
  https: Https;
  clock: Clock;
  log: Log;
  organization: string;
  contact: string;
  /** The domain that signs our own mail. */
  submitter: string;
  /** Puts a report into our own queue, once for the same id; why it did not, where it did not. */
  submit(mail: ReportMail, to: string, id: string): Promise<string | undefined>;
}>;

export type TlsReporter = Readonly<{
  /** Sends what is due now and was not sent yet. Never rejects. Goes on until `goOn` says no. */
  round(goOn: () => boolean): Promise<void>;
}>;

const DAY_MS = 24 * 3_600_000;
/** RFC 8460 §4.1: not all at midnight. */
const SPREAD_MS = 4 * 3_600_000;
/** All processes have written their last counts down by then. */
const GRACE_MS = 15 * 60_000;
const AGAIN_MS = 3_600_000;
const POST_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_TRIED = 20_000;

/** Makes the reporter. */
export function makeTlsReporter(deps: TlsReporterDeps): TlsReporter {
  const { clock, counts, log } = deps;
  const triedAt = new Map<string, EpochMs>();
  const send = async (day: Day, domain: string): Promise<void> => {
    const key = `${day} ${domain}`;
    const late = clock.now() - dueAt(day, domain);
    if (late < 0 || clock.now() - (triedAt.get(key) ?? -Infinity) < AGAIN_MS) return;
    const problem = late > DAY_MS ? 'it is too late for it' : await report(deps, day, domain);
    if (problem === undefined || late > DAY_MS) {
      triedAt.delete(key);
      await counts.drop(day, domain);
    } else {
      if (triedAt.size >= MAX_TRIED) triedAt.clear();
      triedAt.set(key, clock.now());
    }
    if (problem !== undefined) log.info({ domain, day, problem }, 'a report about TLS was not sent');
  };
  return {
    async round(goOn) {
      const today = dayOf(clock.now(), 'UTC');
      for (const day of [plusDays(today, -1), plusDays(today, -2)]) {
        for (const domain of await counts.domains(day).catch(() => [])) {
          if (!goOn()) return;
          await send(day, domain).catch((error: unknown) =>
            log.debug({ domain, error: String(error) }, 'a report about TLS was interrupted'),
          );
        }
      }
    },
  };
}

/** When a domain's report for a day goes out first; the same moment for the same domain. */
export function dueAt(day: Day, domain: string): EpochMs {
  const turn = createHash('sha256').update(domain).digest().readUInt32BE(0) / 2 ** 32;
  return Date.parse(`${day}T00:00:00Z`) + DAY_MS + GRACE_MS + Math.floor(turn * SPREAD_MS);
}

/** Why it is to be tried again; undefined when all is done. */
async function report(deps: TlsReporterDeps, day: Day, domain: string): Promise<string | undefined> {
  const answer = await deps.dns.txt(`_smtp._tls.${domain}`);
  if (answer.kind === 'failed') return `the DNS gave no answer (${answer.code})`;
  const destinations = answer.kind === 'found' ? readTlsRecord(answer.records) : [];
  if (destinations.length === 0) return undefined; // nobody wants it any more
  const { organization, contact, submitter } = deps;
  const frame = { domain, day, organization, contact, submitter };
  const text = writeReport(await deps.counts.read(day, domain), frame);
  if (text === undefined) return undefined;
  const gzipped = gzipSync(text);
  const problems = await Promise.all(destinations.map((to) => deliverTo(deps, to, frame, gzipped)));
  return problems.find((problem) => problem !== undefined);
}

async function deliverTo(
  deps: TlsReporterDeps,
  to: Destination,
  frame: ReportFrame,
  gzipped: Buffer,
): Promise<string | undefined> {
  if (to.kind === 'mail') {
    const mail = writeReportMail(gzipped, frame, { to: to.address, at: deps.clock.now() });
    return deps.submit(mail, to.address, `tlsrpt.${reportId(frame)}.${to.address}`);
  }
  const { host, port, path } = to;
  const answer = await deps.https({
    host,
    port,
    path,
    method: 'POST',
    headers: { 'content-type': 'application/tlsrpt+gzip' },
    body: gzipped,
    withinMs: POST_MS,
    maxBytes: MAX_ANSWER_BYTES,
  });
  if (answer.kind !== 'answered') return answer.why;
  return answer.status >= 200 && answer.status < 300 ? undefined : `${host} answers ${answer.status}`;
}
