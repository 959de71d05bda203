// What limits come to where several touch the same lane: the strictest wins.
import { describe, expect, test } from 'vitest';
import {
  combine,
  effectOf,
  keyOf,
  limitId,
  namesIn,
  sayEffect,
  touches,
  unrestricted,
  type Limit,
} from '../../../../src/deliver/shaping/limit.ts';
import { Automation } from '../../../../src/deliver/shaping/automation.ts';
import { providersFile, type AutomationRule } from '../../../../src/deliver/providers-file.ts';

const limit = (more: Partial<Limit>): Limit => ({
  id: 'x',
  scope: 'lane',
  key: 'ip1/mx:a',
  action: 'slow',
  until: 1000,
  rule: 'r',
  why: '',
  at: 0,
  ...more,
});

describe('several limits', () => {
  test('come to the strictest of each kind, and those that are over to nothing', () => {
    const sum = combine(
      [
        limit({ messages: { count: 10, perMs: 60_000 }, connections: 3 }),
        limit({ messages: { count: 100, perMs: 3_600_000 }, connections: 5, messagesPerConnection: 2 }),
        limit({ action: 'suspend', until: 500 }),
        limit({ action: 'suspend', until: 700 }),
        limit({ connections: 1, until: 10 }),
      ],
      10,
    );
    expect(sum).toEqual({
      suspendedUntil: 700,
      messages: { count: 100, perMs: 3_600_000 },
      connections: 3,
      messagesPerConnection: 2,
    });
    expect(combine([limit({ connections: 1, until: 10 })], 10)).toEqual(unrestricted);
  });

  test.each<[Partial<Limit>, boolean]>([
    [{ scope: 'lane', key: 'ip1/mx:a' }, true],
    [{ scope: 'lane', key: 'ip2/mx:a' }, false],
    [{ scope: 'lane', key: 'ip1/mx:b' }, false],
    [{ scope: 'lane', key: 'ip1/provider:big' }, true],
    [{ scope: 'lane', key: 'ip1/provider:other' }, false],
    [{ scope: 'transport', key: 'ip1' }, true],
    [{ scope: 'transport', key: 'ip2' }, false],
    [{ scope: 'provider', key: 'big' }, true],
    [{ scope: 'provider', key: 'site:mx:a' }, false],
    [{ scope: 'user', key: 'shop' }, false],
  ])('%j touches the lane from ip1 to mx:a of big: %s', (more, does) => {
    expect(touches(limit(more), { transport: 'ip1', site: 'mx:a', provider: 'big' })).toBe(does);
  });

  test('where no provider is known, the site stands for it', () => {
    const spot = { transport: 'ip1', site: 'mx:a', provider: undefined };
    expect(touches(limit({ scope: 'provider', key: 'site:mx:a' }), spot)).toBe(true);
    expect(touches(limit({ scope: 'lane', key: 'ip1/provider:undefined' }), spot)).toBe(false);
  });

  test('are said in a few words', () => {
    expect(sayEffect(limit({ action: 'suspend' }))).toBe('suspended');
    expect(sayEffect(limit({ messages: { count: 1, perMs: 60_000 }, connections: 1 }))).toBe(
      '1/min, 1 connection',
    );
    expect(effectOf({ suspend: true })).toEqual({ action: 'suspend' });
    expect(limitId(limit({}))).toBe('lane:ip1/mx:a:r');
  });
});

describe('automation', () => {
  const rule = (more: object): AutomationRule => {
    const [read] = providersFile.parse({
      automation: [
        {
          name: 'r',
          text: 'slow down',
          do: { suspend: true },
          for: '1h',
          examples: ['421 slow down'],
          ...more,
        },
      ],
    }).automation;
    if (!read) throw new Error('no rule');
    return read;
  };
  const where = { transport: 'ip1', site: 'mx:a', provider: 'big', user: 'shop' };
  const reply = { code: 421, status: '4.7.0', text: 'Please SLOW DOWN' };

  test('is due at its threshold within its time, and counts anew afterwards', () => {
    const automation = new Automation([rule({ after: '3/h' })]);
    const due = (at: number): number => automation.hear(reply, where, [], at).length;
    expect([due(0), due(1), due(2), due(3), due(4), due(5)]).toEqual([0, 0, 1, 0, 0, 1]);
  });

  test('forgets what is older than its time', () => {
    const automation = new Automation([rule({ after: '2/h' })]);
    const due = (at: number): number => automation.hear(reply, where, [], at).length;
    expect([due(0), due(3_600_000), due(7_199_999)]).toEqual([0, 0, 1]);
  });

  test('counts each lane by itself', () => {
    const automation = new Automation([rule({ after: '2/h', on: 'lane' })]);
    const due = (site: string): number => automation.hear(reply, { ...where, site }, [], 0).length;
    expect([due('mx:a'), due('mx:b'), due('mx:c'), due('mx:b')]).toEqual([0, 0, 0, 1]);
  });

  test.each([
    ['lane', 'ip1/mx:a'],
    ['lanes', 'ip1/provider:big'],
    ['transport', 'ip1'],
    ['provider', 'big'],
    ['user', 'shop'],
  ])('on %s is about %s', (on, key) => {
    const [due] = new Automation([rule({ on })]).hear(reply, where, [], 0);
    expect(due?.key).toBe(key);
    expect(due?.why).toBe('The other side said: 421 4.7.0 Please SLOW DOWN');
  });

  test('does not hear other codes, and tries own rules and those for all', () => {
    const automation = new Automation([rule({ codes: [450] }), rule({ name: 'all' })]);
    const names = automation.hear(reply, where, [rule({ name: 'own' })], 0).map((due) => due.rule.name);
    expect(names).toEqual(['own', 'all']);
  });

  test('remembers no more than so much, whatever it hears', () => {
    const automation = new Automation([rule({ after: '1000/d', on: 'lane' })]);
    for (let i = 0; i < 30_000; i++) automation.hear(reply, { ...where, site: `mx:${i}` }, [], i);
    expect(automation.hear(reply, where, [], 30_000)).toEqual([]);
  });
});

const heardAt = { transport: 'ip1', site: 'mx:a', provider: 'big', user: 'shop' };
const smallAt = { ...heardAt, provider: undefined };

test.each([
  ['lane', heardAt, { transport: 'ip1', site: 'mx:a' }],
  ['lanes', heardAt, { transport: 'ip1', provider: 'big' }],
  ['lanes', smallAt, { transport: 'ip1', site: 'mx:a' }],
  ['transport', heardAt, { transport: 'ip1' }],
  ['provider', heardAt, { provider: 'big' }],
  ['provider', smallAt, { site: 'mx:a' }],
  ['user', heardAt, { user: 'shop' }],
] as const)('the key of %s names what it is about, and touches it', (on, where, names) => {
  const made = limit({ scope: on === 'lanes' ? 'lane' : on, key: keyOf(on, where) });
  expect(namesIn(made)).toEqual(names);
  expect(touches(made, where)).toBe(on !== 'user');
  expect(touches(made, { transport: 'ip2', site: 'mx:b', provider: 'other' })).toBe(false);
});
