// A report about a day's TLS with a domain (RFC 8460 §4): from counters to JSON, and to the mail that carries it. Pure.
import { z } from 'zod';
import type { EpochMs } from '../../lib/clock.ts';
import { mailDate } from '../../mail/date.ts';
import { base64Lines } from '../../mail/encode.ts';
import { foldField, oneLine } from '../../mail/fold.ts';
import type { TlsResult } from './results.ts';

/** A day in UTC: "2026-11-25". */
export type Day = string;

export type ReportFrame = Readonly<{
  domain: string;
  day: Day;
  /** Who reports: a name for people, a mail address to ask, and the domain that signs. */
  organization: string;
  contact: string;
  submitter: string;
}>;

const policyText = z.object({ lines: z.array(z.string()), mx: z.array(z.string()) });
const failureText = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()]);
const CRLF = '\r\n';

/** The counter of a result, and the text that goes with its policy: fields of a hash. */
export function fieldsOf(result: TlsResult): Readonly<{ counter: string; text: readonly [string, string] }> {
  const { policy, failure, host, address, localAddress, reason = '', lines, mx } = result;
  const counter = failure
    ? `no ${policy} ${JSON.stringify([failure, host, address, localAddress, reason])}`
    : `ok ${policy}`;
  return { counter, text: [`policy ${policy}`, JSON.stringify({ lines, mx })] };
}

/** The report's name, the same for the same day. */
export function reportId({ domain, day, submitter }: ReportFrame): string {
  return `${day}.${domain}@${submitter}`;
}

/** The JSON report of a day's fields; undefined where nothing was counted. */
export function writeReport(fields: ReadonlyMap<string, string>, frame: ReportFrame): string | undefined {
  const types = ['tlsa', 'sts', 'no-policy-found'] as const;
  const policies = types.flatMap((type) => policyOf(type, fields, frame.domain) ?? []);
  if (policies.length === 0) return undefined;
  return JSON.stringify({
    'organization-name': frame.organization,
    'date-range': { 'start-datetime': `${frame.day}T00:00:00Z`, 'end-datetime': `${frame.day}T23:59:59Z` },
    'contact-info': frame.contact,
    'report-id': reportId(frame),
    policies,
  });
}

function policyOf(type: string, fields: ReadonlyMap<string, string>, domain: string): unknown {
  const good = Number(fields.get(`ok ${type}`) ?? 0);
  const bad = [...fields].flatMap(([name, count]) => failureOf(name, `no ${type} `, Number(count)) ?? []);
  if (good === 0 && bad.length === 0) return undefined;
  const { lines, mx } = policyText.safeParse(json(fields.get(`policy ${type}`))).data ?? {
    lines: [],
    mx: [],
  };
  return {
    policy: {
      'policy-type': type,
      ...(lines.length > 0 && { 'policy-string': lines }),
      'policy-domain': domain,
      ...(mx.length > 0 && { 'mx-host': mx }),
    },
    summary: {
      'total-successful-session-count': good,
      'total-failure-session-count': bad.reduce((sum, one) => sum + one['failed-session-count'], 0),
    },
    ...(bad.length > 0 && { 'failure-details': bad }),
  };
}

function failureOf(name: string, prefix: string, count: number) {
  if (!name.startsWith(prefix)) return undefined;
  const read = failureText.safeParse(json(name.slice(prefix.length))).data;
  if (!read) return undefined;
  const [failure, host, address, localAddress, reason] = read;
  return {
    'result-type': failure,
    'sending-mta-ip': localAddress,
    'receiving-mx-hostname': host,
    'receiving-ip': address,
    'failed-session-count': count,
    ...(reason !== '' && { 'failure-reason-code': reason }),
  };
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

export type ReportMail = Readonly<{ subject: string; messageId: string; from: string; body: Buffer }>;

/** The mail (RFC 8460 §5.3) with the gzipped report in it, to be signed for the submitter's domain. */
export function writeReportMail(
  gzipped: Buffer,
  frame: ReportFrame,
  { to, at }: Readonly<{ to: string; at: EpochMs }>,
): ReportMail {
  const { domain, submitter, day } = frame;
  const id = reportId(frame);
  const boundary = `=_tlsrpt_${day}`;
  const from = `tls-reports@${submitter}`;
  const messageId = `<tlsrpt.${id}>`;
  const subject = `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${id}>`;
  const start = Date.parse(`${day}T00:00:00Z`) / 1000;
  const file = `${submitter}!${domain}!${start}!${start + 86_399}.json.gz`;
  const fields = [
    ['From', `TLS reports <${from}>`],
    ['To', oneLine(to, 400)],
    ['Subject', subject],
    ['Date', mailDate(at)],
    ['Message-ID', messageId],
    ['Auto-Submitted', 'auto-generated'],
    ['TLS-Report-Domain', domain],
    ['TLS-Report-Submitter', submitter],
    ['TLS-Required', 'No'], // RFC 8689 §5, RFC 8460 §5.3: it goes although TLS fails
    ['MIME-Version', '1.0'],
    ['Content-Type', `multipart/report; report-type="tlsrpt"; boundary="${boundary}"`],
  ] as const;
  const lines = [
    fields.map(([name, value]) => foldField(name, value)).join(''),
    `--${boundary}`,
    `Content-Type: text/plain; charset=us-ascii${CRLF}`,
    `This is a report about TLS with the mail hosts of ${domain} on ${day} (UTC),`,
    `as the record _smtp._tls.${domain} asks for. Its format is that of RFC 8460.`,
    `Questions: ${oneLine(frame.contact, 400)}${CRLF}`,
    `--${boundary}`,
    `Content-Type: application/tlsrpt+gzip; name="${file}"`,
    `Content-Disposition: attachment; filename="${file}"`,
    `Content-Transfer-Encoding: base64${CRLF}`,
  ];
  const body = Buffer.concat([
    Buffer.from(`${lines.join(CRLF)}${CRLF}`),
    base64Lines(gzipped),
    Buffer.from(`${CRLF}--${boundary}--${CRLF}`),
  ]);
  return { subject, messageId, from, body };
}
