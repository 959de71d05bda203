// Reports that were made to hurt: deep, wide, long, broken, cut and shuffled ones take bounded time and memory.
import { describe, expect, test } from 'vitest';
import { judgeRecipient } from '../../../../src/feedback/read/judge.ts';
import { readReport } from '../../../../src/feedback/read/read-report.ts';
import { corporaRoot, FOLDERS, samplesOf } from '../../../bounces/corpora.ts';
import { rules } from '../../../support/deliver.ts';
import { randomFrom } from '../../../support/random.ts';

const MB = 1024 * 1024;
/** Of one message. The worst take a third of it on an idle machine; this one has other work. */
const MAX_MS = 3000;
const HEAD = 'Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: failure notice\n';
const REPORT = `${HEAD}Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n`;
const notice = (body: string): string => `${HEAD}\nThe message could not be delivered.\n${body}`;
const fill = (text: string, bytes: number): string =>
  text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes);
const status = (content: string): string =>
  `${REPORT}--b\nContent-Type: message/delivery-status\n\n${content}\n--b--\n`;

const bombs: readonly (readonly [string, () => string])[] = [
  ['10 MB of header fields', () => fill('X-Field: value\n', 10 * MB)],
  ['10 MB of one header field', () => `Subject: ${fill('x', 10 * MB)}\n\nbody`],
  ['10 MB of folded lines', () => `Subject: x\n${fill(' y\n', 10 * MB)}`],
  ['encoded words without end', () => `Subject: ${fill('=?utf-8?b?QQ==?= ', MB)}\n\n`],
  ['broken encoded words', () => `Subject: ${fill('=?utf-8?q?', MB)}\nFrom: ${fill('=?', 8000)}\n\n`],
  [
    'multiparts in multiparts',
    () =>
      Array.from(
        { length: 5000 },
        (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`,
      ).join(''),
  ],
  [
    'a multipart inside itself',
    () => `${REPORT}${fill('--b\nContent-Type: multipart/mixed; boundary=b\n\n', MB)}`,
  ],
  ['100,000 parts', () => `${REPORT}${fill('--b\n\n', MB)}`],
  ['boundaries that nearly match', () => `${REPORT}${fill('--b -\n', MB)}`],
  ['a million delimiters on one line', () => `${REPORT}${fill('--b', MB)}`],
  [
    'status groups without end',
    () => status(fill('Final-Recipient: rfc822; a@b.example\nAction: failed\n\n', MB)),
  ],
  ['a status part of junk', () => status(fill('no field here\n', MB))],
  ['a status part of empty lines', () => status(fill('\n', MB))],
  ['a status part of colons', () => status(fill(':\n', MB))],
  [
    'one recipient of a megabyte',
    () => status(`Final-Recipient: rfc822; ${fill('a', MB)}@b.example\nAction: failed`),
  ],
  ['addresses without end', () => notice(fill('a@b.example ', MB))],
  ['an address on every line', () => notice(fill('<a@b.example>: 550 no\n', MB))],
  ['lines that are nearly addresses', () => notice(fill(`${'a'.repeat(63)}@\n`, MB))],
  ['at signs', () => notice(fill('@', MB))],
  ['at signs in words', () => notice(fill('a@', MB))],
  ['angle brackets', () => notice(fill('<', MB))],
  ['HTML of open tags', () => `${HEAD}Content-Type: text/html\n\n${fill('<', MB)}`],
  ['HTML of line breaks', () => `${HEAD}Content-Type: text/html\n\n${fill('<br>', MB)}`],
  ['HTML of styles', () => `${HEAD}Content-Type: text/html\n\n${fill('<style>', MB)}`],
  ['HTML of entities', () => `${HEAD}Content-Type: text/html\n\n${fill('&#99999999;&', MB)}`],
  ['spaces', () => notice(fill(' ', MB))],
  ['spaces at line ends', () => notice(fill(`x${' '.repeat(5000)}y\n`, MB))],
  ['tabs and codes', () => notice(fill('\t550\t', MB))],
  ['digits', () => notice(fill('5', MB))],
  ['dots and digits', () => notice(fill('5.1.', MB))],
  ['arrows of a transcript', () => notice(fill('>>> ', MB))],
  ['a transcript without end', () => notice(fill('>>> DATA\n<<< 550 no\n', MB))],
  ['marks of returned messages', () => notice(fill('--- Original message follows\n', MB))],
  ['header names of returned messages', () => notice(fill('Received: x\n\n', MB))],
  ['words of failure', () => notice(fill('could not be ', MB))],
  ['words of two languages', () => notice(fill('non è stato possibile message has not ', MB))],
  ['carriage returns', () => notice(fill('\r', MB))],
  ['carriage returns and a line feed', () => notice(`${fill('\r', MB)}\n`)],
  ['base64 of carriage returns', () => `${HEAD}Content-Transfer-Encoding: base64\n\n${fill('DQ0N', MB)}`],
  [
    'quoted-printable of soft line ends',
    () => `${HEAD}Content-Transfer-Encoding: quoted-printable\n\n${fill('=\n', MB)}`,
  ],
  [
    'quoted-printable of spaces',
    () => `${HEAD}Content-Transfer-Encoding: quoted-printable\n\n${fill(`=${' '.repeat(69)}`, MB)}`,
  ],
  [
    'an unknown charset',
    () => `${HEAD}Content-Type: text/plain; charset=${'x'.repeat(5000)}\n\n${fill('é', MB)}`,
  ],
  ['a boundary of a megabyte', () => `Content-Type: multipart/report; boundary="${fill('\\"', MB)}"\n\n`],
  ['JSON that nests', () => `${HEAD}\n{"notificationType":"Bounce","bounce":${fill('[', MB)}`],
  ['zeros', () => fill('\u0000', MB)],
  ['mbox lines', () => fill('From a\n', MB)],
];

describe('a message of', () => {
  test.each(bombs)('%s', (_, make) => {
    const message = Buffer.from(make(), 'latin1');
    const start = performance.now();
    const report = readReport(message);
    if (report.kind === 'bounce' || report.kind === 'delay') {
      expect(report.recipients.length).toBeLessThanOrEqual(100);
      for (const recipient of report.recipients) judgeRecipient(rules, recipient);
    }
    expect(performance.now() - start).toBeLessThan(MAX_MS);
    expect(JSON.stringify(report).length).toBeLessThan(256 * 1024);
  });

  test('which hundreds leave nothing behind', () => {
    const message = Buffer.from(
      status(fill('Final-Recipient: rfc822; a@b.example\nAction: failed\n\n', 20_000)),
    );
    for (let i = 0; i < 100; i++) readReport(message);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 400; i++) readReport(message);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * MB);
  });
});

const root = corporaRoot();
const samples = FOLDERS.slice(0, 9).flatMap((folder) => samplesOf(root, folder));
const seeds =
  samples.length > 0
    ? samples.map(({ bytes }) => bytes)
    : [Buffer.from(status('Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1'))];

test('messages that were changed at random are read, and soon', { timeout: 120_000 }, () => {
  const random = randomFrom(20_260_101);
  for (let round = 0; round < 2000; round++) {
    const message = mutate(seeds[random(seeds.length)] ?? Buffer.alloc(0), random);
    const start = performance.now();
    const report = readReport(message);
    const ms = performance.now() - start;
    expect(ms, `round ${round}`).toBeLessThan(MAX_MS);
    if (report.kind === 'bounce') expect(report.recipients.length).toBeGreaterThan(0);
  }
});

/** Cuts, repeats, swaps, flips and splices bytes. */
function mutate(seed: Buffer, random: (below: number) => number): Buffer {
  let message = Buffer.from(seed);
  for (let i = random(6); i >= 0; i--) {
    const at = random(message.length + 1);
    const to = Math.min(message.length, at + random(200));
    const piece = message.subarray(at, to);
    const other = seeds[random(seeds.length)] ?? seed;
    const from = random(other.length + 1);
    switch (random(6)) {
      case 0:
        message = Buffer.concat([message.subarray(0, at), message.subarray(to)]);
        break;
      case 1:
        message = Buffer.concat([
          message.subarray(0, at),
          ...Array.from({ length: random(50) }, () => piece),
          message.subarray(at),
        ]);
        break;
      case 2:
        message = Buffer.concat([
          message.subarray(0, at),
          other.subarray(from, from + 500),
          message.subarray(at),
        ]);
        break;
      case 3:
        if (message.length > 0) message[Math.min(at, message.length - 1)] = random(256);
        break;
      case 4:
        message = Buffer.from(message.toString('latin1').replaceAll('\n', '\r'), 'latin1');
        break;
      default:
        message = message.subarray(0, at);
    }
  }
  return message;
}
