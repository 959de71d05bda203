import { describe, expect, test } from 'vitest';
import { declaredDomain, declaredUser } from '../../../src/config/entries.ts';

const problems = (schema: typeof declaredUser | typeof declaredDomain, entry: object): readonly string[] =>
  schema.safeParse(entry).error?.issues.map(({ path }) => path.join('.')) ?? [];

describe('a user’s messages', () => {
  test('durations are written as people write them', () => {
    const user = declaredUser.parse({
      name: 'shop',
      scheduleAhead: '90d',
      defaults: { ttl: '2h', opens: true, footer: { text: 'x' } },
      rules: [{ when: { subject: 'Invoice *' }, set: { ttl: '30m', footer: false } }],
    });
    expect(user).toMatchObject({
      scheduleAhead: 90 * 86_400_000,
      defaults: { ttl: 7_200_000, footer: { text: 'x' } },
      rules: [{ set: { ttl: 1_800_000, footer: false } }],
    });
  });

  test('nothing written means what the store means by nothing', () =>
    expect(declaredUser.parse({ name: 'shop' })).toMatchObject({
      scheduleAhead: 30 * 86_400_000,
      defaults: {},
      rules: [],
      mergeHeaders: ['subject', 'to', 'reply-to'],
      suppressed: 'refuse',
    }));

  test('every problem is told with its path', () =>
    expect(
      problems(declaredUser, {
        name: 'shop',
        scheduleAhead: 'soon',
        defaults: { opens: 'yes', footer: 3, bogus: 1, sendAt: 5, ttl: 'never' },
        rules: [{ when: { who: 'x' }, set: { priority: 9 } }],
        mergeHeaders: ['Subject', 'DKIM-Signature', 'Content-Type', 'x y'],
        header: { htm: 'x' },
        campaigns: 'hour',
      }).toSorted(),
    ).toEqual(
      [
        'campaigns',
        'defaults',
        'defaults.footer',
        'defaults.opens',
        'defaults.ttl',
        'header',
        'mergeHeaders.1',
        'mergeHeaders.2',
        'mergeHeaders.3',
        'rules.0.set.priority',
        'rules.0.when',
        'scheduleAhead',
      ].toSorted(),
    ));

  test('a pool that was not granted is a problem', () => {
    const entry = { name: 'shop', pool: 'a', pools: ['b'], defaults: { pool: 'b' } };
    expect(problems(declaredUser, entry)).toEqual([]);
    expect(problems(declaredUser, { ...entry, rules: [{ when: {}, set: { pool: 'c' } }] })).toEqual([
      'rules.0.set.pool',
    ]);
  });
});

describe('a domain', () => {
  test('has a tracking host and a brand', () =>
    expect(
      declaredDomain.parse({
        name: 'shop.example',
        trackingHost: 'Click.Bücher.example',
        brand: { name: 'Shop', logo: 'https://shop.example/logo.png' },
      }),
    ).toMatchObject({ trackingHost: 'click.xn--bcher-kva.example', brand: { name: 'Shop' } }));

  test.each([
    [{ trackingHost: 'https://click.shop.example' }, 'trackingHost'],
    [{ trackingHost: '127.0.0.1' }, 'trackingHost'],
    [{ brand: { logo: 'http://shop.example/logo.png' } }, 'brand.logo'],
    [{ brand: { logo: 'javascript:alert(1)//https://' } }, 'brand.logo'],
    [{ brand: { colour: 'red' } }, 'brand'],
  ])('with %j is refused', (fields, path) =>
    expect(problems(declaredDomain, { name: 'shop.example', ...fields })).toEqual([path]),
  );
});
