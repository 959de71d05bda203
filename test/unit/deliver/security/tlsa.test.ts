// Which TLSA records are of use, and whether they name a certificate: by RFC 7672, and with hostile records.
import { createHash, X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import { beforeAll, describe, expect, test } from 'vitest';
import { daneProblem, keyOf, usableOf, type Tlsa } from '../../../../src/deliver/security/tlsa.ts';
import { randomFrom } from '../../../support/random.ts';

/** A little later than the certificates are made. */
const NOW = Date.now() + 60_000;
const YEAR = 365 * 24 * 3_600_000;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const keyBytes = (one: X509Certificate) => one.publicKey.export({ type: 'spki', format: 'der' });

let root: X509Certificate;
let middle: X509Certificate;
let leaf: X509Certificate;
let other: X509Certificate;

beforeAll(async () => {
  const authority = (name: string, ca?: Readonly<{ key: string; cert: string }>) =>
    generate([{ name: 'commonName', value: name }], {
      algorithm: 'sha256',
      ...(ca && { ca }),
      extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
    });
  const top = await authority('Root');
  const below = await authority('Middle', { key: top.private, cert: top.cert });
  const made = await generate([{ name: 'commonName', value: 'mx.test' }], {
    algorithm: 'sha256',
    ca: { key: below.private, cert: below.cert },
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'mx.test' }] }],
  });
  [root, middle, leaf] = [top, below, made].map(({ cert }) => new X509Certificate(cert)) as [
    X509Certificate,
    X509Certificate,
    X509Certificate,
  ];
  // Of the same name as the middle one, by nobody.
  other = new X509Certificate((await authority('Middle')).cert);
});

const tlsa = (usage: number, selector: number, matching: number, data: Buffer): Tlsa => ({
  usage,
  selector,
  matching,
  data,
});

test.each([
  [3, 1, 1, 32, true],
  [3, 0, 1, 32, true],
  [2, 0, 2, 64, true],
  [2, 1, 0, 5, true],
  [0, 0, 1, 32, false], // RFC 7672 §3.1.3: not for mail
  [1, 1, 1, 32, false],
  [4, 1, 1, 32, false],
  [255, 1, 1, 32, false],
  [3, 2, 1, 32, false],
  [3, 1, 3, 32, false],
  [3, 1, 1, 31, false],
  [3, 1, 2, 32, false],
  [3, 1, 0, 0, false],
])(
  'usage %i, selector %i, matching %i with %i bytes is of use: %s',
  (usage, selector, matching, bytes, want) => {
    expect(usableOf([tlsa(usage, selector, matching, Buffer.alloc(bytes))])).toHaveLength(want ? 1 : 0);
  },
);

describe('a chain', () => {
  const names = ['mx.test', 'example.test'];
  const problem = (
    record: Tlsa,
    chain: readonly X509Certificate[],
    at = NOW,
    asked: readonly string[] = names,
  ) => daneProblem([record], { chain, names: asked, at });

  test.each([
    ['by its authority, which it sends', () => tlsa(2, 0, 1, sha256(middle.raw)), () => [leaf, middle], true],
    ['by the authority above', () => tlsa(2, 1, 1, sha256(keyBytes(root))), () => [leaf, middle, root], true],
    [
      'by the authority above, which it does not send and the record has not whole',
      () => tlsa(2, 0, 1, sha256(root.raw)),
      () => [leaf, middle],
      false,
    ],
    [
      'by the authority above, which the record has whole',
      () => tlsa(2, 0, 0, root.raw),
      () => [leaf, middle],
      true,
    ],
    [
      'by the key of the authority above, whole',
      () => tlsa(2, 1, 0, keyBytes(root)),
      () => [leaf, middle],
      true,
    ],
    ['by itself, as an authority', () => tlsa(2, 0, 1, sha256(leaf.raw)), () => [leaf], true],
    [
      'by its authority, with the wrong one behind it',
      () => tlsa(2, 0, 1, sha256(root.raw)),
      () => [leaf, root],
      false,
    ],
    [
      'by an authority of the same name that did not sign it',
      () => tlsa(2, 0, 1, sha256(other.raw)),
      () => [leaf, other],
      false,
    ],
    ['by the same, whole', () => tlsa(2, 0, 0, other.raw), () => [leaf], false],
    [
      'by an authority that somebody only sends along',
      () => tlsa(2, 0, 1, sha256(root.raw)),
      () => [other, root],
      false,
    ],
    ['by its own key', () => tlsa(3, 1, 1, sha256(keyBytes(leaf))), () => [leaf, middle], true],
    [
      "by its authority's, as if it were its own",
      () => tlsa(3, 1, 1, sha256(keyBytes(middle))),
      () => [leaf, middle],
      false,
    ],
  ] as const)('%s', (_name, record, chain, good) => {
    expect(problem(record(), chain()) === undefined).toBe(good);
  });

  test('below an authority needs its name and its time; by itself neither', () => {
    const authority = tlsa(2, 0, 1, sha256(middle.raw));
    const own = tlsa(3, 0, 1, sha256(leaf.raw));
    expect(problem(authority, [leaf, middle], NOW, ['example.test', 'other.test'])).toMatch(
      /other host names/,
    );
    expect(problem(authority, [leaf, middle], NOW + 20 * YEAR)).toBeDefined();
    expect(problem(own, [leaf], NOW + 20 * YEAR, ['other.test'])).toBeUndefined();
  });

  test('that is empty is none', () => {
    expect(problem(tlsa(3, 1, 1, Buffer.alloc(32)), [])).toBe('it showed no certificate');
  });

  test('and records of noise never throw', () => {
    const random = randomFrom(6698);
    for (let round = 0; round < 500; round++) {
      const data = Buffer.from(Array.from({ length: random(200) }, () => random(256)));
      const base = [root.raw, keyBytes(root), data][random(3)] ?? data;
      const changed = Buffer.from(base);
      if (changed.length > 0) changed[random(changed.length)] = random(256);
      const records = usableOf([
        tlsa(2 + random(2), random(2), random(3), random(2) ? changed : changed.subarray(0, 32)),
      ]);
      daneProblem(records, { chain: [leaf, middle], names, at: NOW });
    }
  });
});

test('the key of records does not hang on their order', () => {
  const [a, b] = [tlsa(3, 1, 1, Buffer.alloc(32, 1)), tlsa(2, 0, 1, Buffer.alloc(32, 2))];
  expect(keyOf([a, b])).toBe(keyOf([b, a]));
  expect(keyOf([a])).not.toBe(keyOf([b]));
});
