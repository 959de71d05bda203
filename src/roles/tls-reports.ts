// Wiring of reports about TLS: every delivering process counts, and one at a time sends, by our own queue or HTTPS.
import { holdLease } from '../backlog/lease.ts';
import { makeDns } from '../deliver/resolve.ts';
import { makeHttps } from '../deliver/security/https.ts';
import type { TlsResult } from '../deliver/security/results.ts';
import { makeTlsCounts } from '../deliver/security/tls-counts.ts';
import type { ReportMail } from '../deliver/security/tls-report.ts';
import { makeTlsReporter, type TlsReporterDeps } from '../deliver/security/tls-reporter.ts';
import type { SubmitMail } from './backlog.ts';
import type { Base } from './base.ts';
import { systemSubmission } from './system.ts';

export type TlsReports = Readonly<{
  /** Told of each session; absent where no reports are sent. */
  count?: (result: TlsResult) => void;
  stop(): Promise<void>;
}>;

const FLUSH_MS = 10_000;
const ROUND_MS = 5 * 60_000;
const DAY_MS = 24 * 3_600_000;
/** What was counted in the last moments is not worth a longer stop, where Redis is slow. */
const LAST_WORDS_MS = 1_000;

/** Begins to count and to send, where the operator wants it. Nothing here rejects. */
export function startTlsReports(base: Base, submit: SubmitMail): TlsReports {
  const { config, clock, asking: redis, prefix } = base;
  const { tlsReports: wanted, allowPrivateAddresses } = config.delivery;
  if (!wanted) return { stop: () => Promise.resolve() };
  const log = base.log.child({ role: 'delivery' });
  const dns = makeDns(config.dns, clock);
  const counts = makeTlsCounts({ redis, prefix, dns, clock, log });
  const reporter = makeTlsReporter({
    counts,
    dns,
    https: makeHttps({ dns, clock, allowPrivateAddresses }),
    clock,
    log,
    organization: wanted.organization ?? config.hostname,
    contact: wanted.contact,
    submitter: config.system.domain,
    submit: makeReportMail(base, submit),
  });
  let isBusy = false;
  const round = (): void => {
    if (isBusy || !lease.valid()) return;
    isBusy = true;
    void reporter.round(lease.valid).finally(() => {
      isBusy = false;
    });
  };
  const lease = holdLease(
    'tls-reports',
    { ...base, redis },
    { gained: () => round(), lost: () => undefined },
  );
  const ends = [clock.every(FLUSH_MS, () => void counts.flush()), clock.every(ROUND_MS, round)];
  return {
    count: counts.count,
    stop: async () => {
      for (const end of ends) end();
      await Promise.race([counts.close(), clock.sleep(LAST_WORDS_MS)]);
      await lease.release();
    },
  };
}

/** A report by mail leaves whatever the TLS of its domain is like (RFC 8460 §5.3), and signed, or not at all. */
function makeReportMail(base: Base, submit: SubmitMail): TlsReporterDeps['submit'] {
  const { config, clock } = base;
  const { domain } = config.system;
  return async (mail: ReportMail, to, fingerprint) => {
    if ((base.settingsNow().domains.get(domain)?.keys.length ?? 0) === 0)
      return `reports by mail must be signed, and there are no DKIM keys for ${domain}: "postino domain add ${domain}"`;
    const submission = systemSubmission(clock.now(), mail.body, {
      from: mail.from,
      messageId: mail.messageId,
      subject: mail.subject,
      headerFrom: mail.from,
      instructions: { tls: 'optional', ttl: DAY_MS, signingDomain: domain },
    });
    const recipients = [{ address: to }];
    const request = { submission, recipients, body: mail.body, fingerprint, repeatWithin: 2 * DAY_MS };
    const answer = await submit(request);
    return answer.kind === 'queued' ? undefined : `our own queue did not take it (${answer.why})`;
  };
}
