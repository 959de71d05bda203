// The bounce score: each reading against its label, and each file's three line ends against each other. Pure.
import { lineFeeds } from '../../src/feedback/read/lines.ts';
import { judgeRecipient } from '../../src/feedback/read/judge.ts';
import { readReport } from '../../src/feedback/read/read-report.ts';
import type { Report } from '../../src/feedback/read/report.ts';
import type { BounceRules } from '../../src/model/classify.ts';
import type { Label, Sample } from './corpora.ts';

export type Mark = Readonly<{
  folder: string;
  name: string;
  kind: Report['kind'];
  isLabelled: boolean;
  recipient: boolean;
  hard: boolean;
  falseBounce: boolean;
  /** LF, CRLF and CR copies read alike. */
  alike: boolean;
  /** What was read where the label says something else; "" when both agree. */
  difference: string;
}>;

export type Row = Readonly<{
  folder: string;
  files: number;
  labelled: number;
  recipient: number;
  hard: number;
  right: number;
  falseBounces: number;
  alike: number;
}>;

/** Reads a sample and compares. */
export function markOf(rules: BounceRules, { folder, name, bytes, label }: Sample): Mark {
  const report = readReport(bytes);
  const recipient = label === undefined || hasRecipients(report, label);
  const hard = label === undefined || hasSeverity(rules, report, label);
  return {
    folder,
    name,
    kind: report.kind,
    isLabelled: label !== undefined,
    recipient,
    hard,
    falseBounce: label?.kind === 'no bounce' && report.kind === 'bounce' && label.recipients === undefined,
    alike: isAlike(bytes, report),
    difference: recipient && hard ? '' : `${described(rules, report)}; the label: ${labelText(label)}`,
  };
}

function hasRecipients(report: Report, label: Label): boolean {
  if (label.kind === 'complaint') return report.kind === 'complaint';
  const isBounce = report.kind === 'bounce' || report.kind === 'delay';
  if (label.kind === 'no bounce' && label.recipients === undefined) return report.kind !== 'bounce';
  const named = isBounce
    ? report.recipients.map(({ address }) => address).filter((address) => address !== '')
    : [];
  if (label.recipients) {
    return (
      JSON.stringify(named.map((one) => one.toLowerCase()).toSorted()) === JSON.stringify(label.recipients)
    );
  }
  return isBounce && named.length === label.count;
}

function hasSeverity(rules: BounceRules, report: Report, label: Label): boolean {
  if (label.feedbackType !== undefined && report.kind === 'complaint') {
    return label.feedbackType === '' || report.complaint.type === label.feedbackType;
  }
  if (label.isTemporary !== undefined) return (report.kind === 'delay') === label.isTemporary;
  if (!label.hard) return true;
  if (report.kind !== 'bounce' && report.kind !== 'delay') return false;
  const hard = report.recipients.map((one) => judgeRecipient(rules, one).category === 'hard');
  return JSON.stringify(hard) === JSON.stringify(label.hard);
}

/** The same message with other line ends: each is made of the lines that this one has. */
function isAlike(bytes: Buffer, report: Report): boolean {
  const lines = lineFeeds(bytes).toString('latin1');
  const wanted = JSON.stringify(report);
  return ['\n', '\r\n', '\r'].every((end) => {
    const copy = Buffer.from(lines.replaceAll('\n', end), 'latin1');
    return JSON.stringify(readReport(copy)) === wanted;
  });
}

function described(rules: BounceRules, report: Report): string {
  if (report.kind !== 'bounce' && report.kind !== 'delay') return report.kind;
  const told = report.recipients.map((one) => {
    const { class: cause, category } = judgeRecipient(rules, one);
    return `${one.address === '' ? 'nobody' : one.address} ${category} (${cause})`;
  });
  return `${report.kind} of ${told.join(', ')}`;
}

function labelText(label: Label | undefined): string {
  if (!label) return 'none';
  const who = label.recipients?.join(', ') ?? (label.count === undefined ? '' : `${label.count} recipients`);
  const hard = label.hard?.map((one) => (one ? 'hard' : 'soft')).join(', ') ?? '';
  return [label.kind, who, hard, label.isTemporary ? 'temporary' : '']
    .filter((part) => part !== '')
    .join(' ');
}

/** Sums up the marks of a folder. */
export function rowOf(folder: string, marks: readonly Mark[]): Row {
  const labelled = marks.filter((mark) => mark.isLabelled);
  return {
    folder,
    files: marks.length,
    labelled: labelled.length,
    recipient: labelled.filter((mark) => mark.recipient).length,
    hard: labelled.filter((mark) => mark.hard).length,
    right: labelled.filter((mark) => mark.recipient && mark.hard).length,
    falseBounces: marks.filter((mark) => mark.falseBounce).length,
    alike: marks.filter((mark) => mark.alike).length,
  };
}
