// Reports about TLS: who wants them, what was counted, and what they look like, by RFC 8460.
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import type { Published } from '../../../../src/deliver/security/published.ts';
import { certificateFailure, resultsOf, type SessionEnd } from '../../../../src/deliver/security/results.ts';
import { readTlsRecord } from '../../../../src/deliver/security/tls-record.ts';
import { fieldsOf, writeReport, writeReportMail } from '../../../../src/deliver/security/tls-report.ts';
import { randomFrom } from '../../../support/random.ts';

const mail = (address: string) => ({ kind: 'mail', address }) as const;

describe('the record', () => {
  test.each([
    ['by mail', ['v=TLSRPTv1; rua=mailto:reports@example.com'], [mail('reports@example.com')]],
    [
      'by mail, without spaces',
      ['v=TLSRPTv1;rua=mailto:reports@Example.com;'],
      [mail('reports@example.com')],
    ],
    [
      'by HTTPS',
      ['v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt?a=b'],
      [{ kind: 'https', host: 'reporting.example.com', port: 443, path: '/v1/tlsrpt?a=b' }],
    ],
    [
      'by both',
      ['other', 'v=TLSRPTv1; rua=mailto:a@b.example, https://c.example:8443/'],
      [mail('a@b.example'), { kind: 'https', host: 'c.example', port: 8443, path: '/' }],
    ],
    ['with encoded signs', ['v=TLSRPTv1; rua=mailto:a%2Cb@c.example'], []],
    ['with a size, as DMARC has it', ['v=TLSRPTv1; rua=mailto:a@c.example!10m'], [mail('a@c.example')]],
    ['twice', ['v=TLSRPTv1; rua=mailto:a@b.example', 'v=TLSRPTv1; rua=mailto:c@d.example'], []],
    ['of another version', ['v=TLSRPTv2; rua=mailto:a@b.example'], []],
    ['by HTTP', ['v=TLSRPTv1; rua=http://c.example/'], []],
    ['to an address', ['v=TLSRPTv1; rua=https://127.0.0.1/, https://0x7f.1/, https://[::1]/'], []],
    ['to a single name', ['v=TLSRPTv1; rua=https://localhost/'], []],
    ['with a log-in', ['v=TLSRPTv1; rua=https://a:b@c.example/'], []],
    ['with a line end', ['v=TLSRPTv1; rua=mailto:a%0d%0aBcc:x@c.example'], []],
    ['with nothing', ['v=TLSRPTv1; rua='], []],
    [
      'with too many',
      [`v=TLSRPTv1; rua=${'mailto:a@b.example,'.repeat(20)}`],
      [1, 2, 3].map(() => mail('a@b.example')),
    ],
  ])('%s', (_name, records, want) => {
    expect(readTlsRecord(records)).toEqual(want);
  });

  test('of noise never throws', () => {
    const random = randomFrom(8460);
    const base = 'v=TLSRPTv1; rua=mailto:a%2C@b.example,https://c.example:8443/x?y=z';
    for (let round = 0; round < 2000; round++) {
      const at = random(base.length);
      readTlsRecord([
        `v=TLSRPTv1;${base.slice(11, at)}${String.fromCodePoint(random(0x300))}${base.slice(at + random(6))}`,
      ]);
    }
  });
});

const where = { host: 'mx.example.test', address: '192.0.2.1', localAddress: '198.51.100.1' };
const sts = {
  mode: 'enforce',
  mx: ['mx.example.test'],
  maxAgeMs: 1,
  lines: ['version: STSv1', 'mode: enforce'],
} as const;
const none: Published = { domain: 'example.test', dane: new Map() };
const open: SessionEnd = { kind: 'open', tls: 'TLSv1.3' };
const count = (published: Published, end: SessionEnd) =>
  resultsOf(published, where, end).map(({ policy, failure }) => `${policy} ${failure ?? 'ok'}`);
const lost = (phase: 'connect' | 'mail'): SessionEnd => ({
  kind: 'failed',
  trouble: { kind: 'lost', phase, detail: 'x' },
});

const sessions: readonly (readonly [string, Published, SessionEnd, readonly string[]])[] = [
  ['without a policy', none, open, ['no-policy-found ok']],
  ['without a policy, in clear', none, { kind: 'open' }, ['no-policy-found starttls-not-supported']],
  ['with a policy', { ...none, sts }, open, ['sts ok']],
  [
    'with a policy and TLSA records',
    { ...none, sts, dane: new Map([[where.host, { kind: 'records', records: [] }]]) },
    open,
    ['tlsa ok', 'sts ok'],
  ],
  [
    'with a policy and a certificate that nobody trusts',
    { ...none, sts },
    { ...open, distrust: 'SELF_SIGNED_CERT_IN_CHAIN' },
    ['sts certificate-not-trusted'],
  ],
  [
    'without a policy, whatever the certificate',
    none,
    { ...open, distrust: 'SELF_SIGNED_CERT_IN_CHAIN' },
    ['no-policy-found ok'],
  ],
  [
    'where the policy could not be had',
    { ...none, stsTrouble: { kind: 'fetch', why: 'x' } },
    open,
    ['no-policy-found ok', 'sts sts-policy-fetch-error'],
  ],
  ['not where the host is down', { ...none, sts }, lost('connect'), []],
  [
    'where the host is not named',
    { ...none, sts },
    { kind: 'shut', shut: 'x', failure: 'mx' },
    ['sts validation-failure'],
  ],
  [
    'where TLSA records cannot be had',
    { ...none, sts },
    { kind: 'shut', shut: 'x', failure: 'dnssec' },
    ['tlsa dnssec-invalid'],
  ],
];

describe('a session is counted', () => {
  test.each(sessions)('%s', (_name, published, end, want) => {
    expect(count(published, end)).toEqual(want);
  });

  test.each([
    ['certificate has expired', 'certificate-expired'],
    ['CERT_HAS_EXPIRED', 'certificate-expired'],
    ["Hostname/IP does not match certificate's altnames: x", 'certificate-host-mismatch'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-host-mismatch'],
    ['self-signed certificate', 'certificate-not-trusted'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-not-trusted'],
    ['unable to get local issuer certificate', 'certificate-not-trusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate-not-trusted'],
    [
      'write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number',
      'validation-failure',
    ],
  ] as const)('%s is %s', (why, want) => {
    expect(certificateFailure(why)).toBe(want);
  });
});

const frame = {
  domain: 'example.test',
  day: '2026-11-25',
  organization: 'Relay, Inc',
  contact: 'tls@relay.test',
  submitter: 'relay.test',
};

function fieldsFor(ends: readonly SessionEnd[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const result of ends.flatMap((end) => resultsOf({ ...none, sts }, where, end))) {
    const { counter, text } = fieldsOf(result);
    fields.set(counter, String(Number(fields.get(counter) ?? 0) + 1));
    fields.set(...text);
  }
  return fields;
}

test('the report is as RFC 8460 §4.4 has it', () => {
  const bad: SessionEnd = { ...open, distrust: 'CERT_HAS_EXPIRED' };
  expect(JSON.parse(writeReport(fieldsFor([open, open, bad, open, bad]), frame) ?? '')).toEqual({
    'organization-name': 'Relay, Inc',
    'date-range': { 'start-datetime': '2026-11-25T00:00:00Z', 'end-datetime': '2026-11-25T23:59:59Z' },
    'contact-info': 'tls@relay.test',
    'report-id': '2026-11-25.example.test@relay.test',
    policies: [
      {
        policy: {
          'policy-type': 'sts',
          'policy-string': ['version: STSv1', 'mode: enforce'],
          'policy-domain': 'example.test',
          'mx-host': ['mx.example.test'],
        },
        summary: { 'total-successful-session-count': 3, 'total-failure-session-count': 2 },
        'failure-details': [
          {
            'result-type': 'certificate-expired',
            'sending-mta-ip': '198.51.100.1',
            'receiving-mx-hostname': 'mx.example.test',
            'receiving-ip': '192.0.2.1',
            'failed-session-count': 2,
            'failure-reason-code': 'CERT_HAS_EXPIRED',
          },
        ],
      },
    ],
  });
});

test('nothing counted is no report', () => {
  expect(writeReport(new Map(), frame)).toBeUndefined();
  expect(
    writeReport(
      new Map([
        ['policy sts', '{}'],
        ['no sts nonsense', '3'],
      ]),
      frame,
    ),
  ).toBeUndefined();
});

test('the mail is as RFC 8460 §5.3 has it', async () => {
  const gzipped = Buffer.from('not really gzip, but bytes \0\xff'.repeat(20), 'latin1');
  const { body, subject } = writeReportMail(gzipped, frame, {
    to: 'a@example.test',
    at: Date.UTC(2026, 10, 26),
  });
  const read = await simpleParser(body);
  expect(subject).toBe(
    'Report Domain: example.test Submitter: relay.test Report-ID: <2026-11-25.example.test@relay.test>',
  );
  expect(read.subject).toBe(subject);
  expect(read.headers.get('content-type')).toMatchObject({
    value: 'multipart/report',
    params: { 'report-type': 'tlsrpt' },
  });
  expect(
    ['tls-report-domain', 'tls-report-submitter', 'tls-required'].map((name) => read.headers.get(name)),
  ).toEqual(['example.test', 'relay.test', 'No']);
  expect(read.attachments[0]).toMatchObject({
    contentType: 'application/tlsrpt+gzip',
    filename: 'relay.test!example.test!1795564800!1795651199.json.gz',
    content: gzipped,
  });
  const lines = body.toString('latin1').split('\r\n');
  expect(lines.every((line) => line.length <= 998 && !/[\r\n]/.test(line))).toBe(true);
});
