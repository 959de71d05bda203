// What MTA-STS records and policies mean, by the examples of RFC 8461 and by hostile ones.
import { describe, expect, test } from 'vitest';
import { namesHost, readStsPolicy, readStsRecord } from '../../../../src/deliver/security/sts-policy.ts';
import { randomFrom } from '../../../support/random.ts';

describe('the record', () => {
  test.each([
    ['as in RFC 8461 §3.1', ['v=STSv1; id=20160831085700Z;'], '20160831085700Z'],
    ['without the last semicolon', ['v=STSv1; id=1'], '1'],
    ['among others', ['v=spf1 -all', 'v=STSv1; id=abc; x=y'], 'abc'],
    ['with fields that nobody knows before it', ['v=STSv1; new=thing; id=7;'], '7'],
    ['twice', ['v=STSv1; id=1;', 'v=STSv1; id=2;'], undefined],
    ['of another version', ['v=STSv2; id=1;'], undefined],
    ['that only begins like it', ['v=STSv10; id=1;'], undefined],
    ['without an id', ['v=STSv1;'], undefined],
    ['with an id of other characters', ['v=STSv1; id=2016-08-31;'], undefined],
    ['with an id that is too long', [`v=STSv1; id=${'a'.repeat(33)};`], undefined],
    ['in capitals', ['V=STSV1; ID=1;'], undefined],
    ['not there', [], undefined],
  ])('%s', (_name, records, id) => {
    expect(readStsRecord(records)).toBe(id);
  });
});

const FILE =
  'version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: backupmx.example.com\nmax_age: 604800\n';

describe('the policy', () => {
  test('as in RFC 8461 §3.2', () => {
    for (const text of [FILE, FILE.replaceAll('\n', '\r\n'), FILE.trimEnd(), FILE.replaceAll(': ', ':   ')])
      expect(readStsPolicy(text)).toMatchObject({
        policy: {
          mode: 'enforce',
          mx: ['mail.example.com', '*.example.net', 'backupmx.example.com'],
          maxAgeMs: 604_800_000,
        },
      });
  });

  test.each([
    ['unknown keys are left alone', `${FILE}extra: thing\n`, { mode: 'enforce' }],
    ['the first mode counts', `${FILE}mode: none\n`, { mode: 'enforce' }],
    ['none needs no hosts', 'version: STSv1\nmode: none\nmax_age: 86400\n', { mode: 'none', mx: [] }],
    ['an age over a year is a year', FILE.replace('604800', '9999999999'), { maxAgeMs: 31_557_600_000 }],
    ['hosts are read in any case', FILE.replace('mail.example', 'MAIL.Example'), { mode: 'enforce' }],
  ])('%s', (_name, text, want) => {
    expect(readStsPolicy(text)).toMatchObject({ policy: want });
  });

  test.each([
    ['nothing', ''],
    ['a web page', '<!doctype html><title>Not found</title>'],
    ['another version', FILE.replace('STSv1', 'STSv2')],
    ['no version', FILE.replace('version: STSv1\n', '')],
    ['an unknown mode', FILE.replace('enforce', 'strict')],
    ['no mode', FILE.replace('mode: enforce\n', '')],
    ['no hosts', 'version: STSv1\nmode: enforce\nmax_age: 1\n'],
    ['no age', FILE.replace('max_age: 604800', '')],
    ['a negative age', FILE.replace('604800', '-1')],
    ['a fraction as age', FILE.replace('604800', '1.5')],
    ['too long an age', FILE.replace('604800', '10000000000')],
    ['a host that is none', FILE.replace('mail.example.com', 'mail example com')],
    ['a star in the middle', FILE.replace('*.example.net', 'mx.*.example.net')],
    ['a star alone', FILE.replace('*.example.net', '*')],
    ['too many hosts', FILE + 'mx: a.example\n'.repeat(200)],
  ])('is none with %s', (_name, text) => {
    expect(readStsPolicy(text)).toHaveProperty('problem');
  });

  test('of noise never throws', () => {
    const random = randomFrom(8461);
    for (let round = 0; round < 2000; round++) {
      const at = random(FILE.length);
      const text = FILE.slice(0, at) + String.fromCodePoint(random(0x300)) + FILE.slice(at + random(9));
      const read = readStsPolicy(text);
      expect('policy' in read || 'problem' in read).toBe(true);
    }
  });
});

test.each([
  ['mail.example.com', 'mail.example.com', true],
  ['mail.example.com', 'mail2.example.com', false],
  ['*.example.com', 'mail.example.com', true],
  ['*.example.com', 'example.com', false], // RFC 8461 §4.1
  ['*.example.com', 'foo.bar.example.com', false],
  ['*.example.com', '.example.com', false],
  ['*.example.com', 'badexample.com', false],
  ['example.com', 'mail.example.com', false],
])('pattern %s and host %s: %s', (pattern, host, want) => {
  expect(namesHost({ mx: [pattern] }, host)).toBe(want);
});
