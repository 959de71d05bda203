// The bounce score (npm run test:bounces) as a test: real bounces of many systems beside the project, where they are there.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { corporaRoot, FOLDERS, samplesOf } from '../../../bounces/corpora.ts';
import { markOf } from '../../../bounces/score.ts';
import { rules } from '../../../support/deliver.ts';

const root = corporaRoot();

describe.skipIf(!existsSync(root))('real bounces (../shared/corpora, skipped where it is absent)', () => {
  const marks = FOLDERS.flatMap((folder) => samplesOf(root, folder).map((sample) => markOf(rules, sample)));
  const labelled = marks.filter((mark) => mark.isLabelled && mark.folder.startsWith('bounces/'));

  test('are read right in 97 of 100', () => {
    expect(labelled.length).toBeGreaterThan(400);
    const right = labelled.filter((mark) => mark.recipient && mark.hard);
    expect(right.length / labelled.length).toBeGreaterThanOrEqual(0.97);
  });

  test('and what is no bounce is never one', () => {
    expect(marks.filter((mark) => mark.falseBounce).map((mark) => mark.name)).toEqual([]);
  });

  test('alike with LF, CRLF and CR', () => {
    expect(marks.filter((mark) => !mark.alike).map((mark) => `${mark.folder}/${mark.name}`)).toEqual([]);
  });

  test('also where they have no label', () => {
    const files = marks.filter(
      (mark) => /^bounces\/(?:php|kumo|sisimai-hard)/.test(mark.folder) && mark.name.endsWith('.eml'),
    );
    expect(files.length).toBeGreaterThan(50);
    expect(
      files.filter((mark) => mark.kind !== 'bounce' && mark.kind !== 'delay').map((mark) => mark.name),
    ).toEqual([]);
  });

  test('and complaints are complaints', () => {
    const complaints = marks.filter((mark) => mark.folder.startsWith('arf/'));
    expect(complaints.filter((mark) => mark.kind !== 'complaint').map((mark) => mark.name)).toEqual([]);
  });

  test('each difference from a label has a reason of ours', () => {
    const file = new URL('../../../bounces/disagreements.yaml', import.meta.url);
    const reasons = Object.keys(parse(readFileSync(file, 'utf8')) ?? {});
    const differing = marks
      .filter((mark) => mark.difference !== '')
      .map((mark) => `${mark.folder}/${mark.name}`);
    expect(differing.filter((name) => !reasons.includes(name))).toEqual([]);
  });
});
