// The bounce score as a table: npm run test:bounces [-- folder of corpora].
import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { readReport } from '../../src/feedback/read/read-report.ts';
import { bounceRules } from '../../src/model/classify.ts';
import { corporaRoot, FOLDERS, samplesOf } from './corpora.ts';
import { markOf, rowOf, type Mark, type Row } from './score.ts';

/** Part of the labelled files whose recipients and severity must be right. */
const TARGET = 0.97;

const read = (path: string): unknown => parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const rules = bounceRules.parse(read('../../config/bounces.yaml'));
const reasons = z.record(z.string(), z.string()).parse(read('disagreements.yaml'));
const root = corporaRoot(process.argv[2] ?? process.env['CORPORA']);

if (existsSync(root)) print();
else console.log(`The bounce score was skipped: there are no corpora at ${root}.`);

function print(): void {
  const marks = FOLDERS.map((folder) => samplesOf(root, folder).map((sample) => markOf(rules, sample)));
  const rows = FOLDERS.map((folder, i) => rowOf(folder, marks[i] ?? []));
  console.log(
    '| folder | files | labelled | recipient right | hard/soft right | both right | false bounces | LF, CRLF, CR alike |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (const row of rows) console.log(line(row));
  const reports = rows.filter(({ folder }) => !folder.startsWith('mail/'));
  const labelled = sum(reports, 'labelled');
  const right = sum(reports, 'right');
  const share = right / Math.max(1, labelled);
  console.log(
    `\n${right} of ${labelled} labelled files right: ${(share * 100).toFixed(1)} % (target ${TARGET * 100} %).`,
  );
  console.log(`${copies()}\n`);
  for (const mark of marks.flat()) if (mark.difference !== '') console.log(explained(mark));
  const isGood =
    share >= TARGET && sum(rows, 'falseBounces') === 0 && sum(rows, 'alike') === sum(rows, 'files');
  if (!isGood) process.exitCode = 1;
}

function line(row: Row): string {
  const of = (count: number): string => (row.labelled === 0 ? '–' : `${count}`);
  return `| ${row.folder} | ${row.files} | ${row.labelled} | ${of(row.recipient)} | ${of(row.hard)} | ${of(row.right)} | ${row.falseBounces} | ${row.alike} |`;
}

function sum(rows: readonly Row[], key: Exclude<keyof Row, 'folder'>): number {
  return rows.reduce((total, row) => total + row[key], 0);
}

function explained({ folder, name, difference }: Mark): string {
  const reason = reasons[`${folder}/${name}`] ?? 'NOT REVIEWED';
  return `${folder}/${name}: ${difference}\n    ${reason}`;
}

/** The copies of sisimai's samples with CRLF and with CR, as their project made them. */
function copies(): string {
  const base = new Map(samplesOf(root, 'bounces/sisimai').map(({ name, bytes }) => [name, reading(bytes)]));
  const other = ['bounces/sisimai-dos', 'bounces/sisimai-mac'].flatMap((folder) => samplesOf(root, folder));
  const paired = other.filter(({ name }) => base.has(name));
  const different = paired.filter(({ name, bytes }) => base.get(name) !== reading(bytes));
  const list = different.map(
    ({ folder, name }) => `${folder}/${name}: ${reasons[`${folder}/${name}`] ?? 'NOT REVIEWED'}`,
  );
  return [
    `${paired.length - different.length} of ${paired.length} copies by sisimai itself read as their originals.`,
    ...list,
  ].join('\n');
}

function reading(bytes: Buffer): string {
  return JSON.stringify(readReport(bytes));
}
