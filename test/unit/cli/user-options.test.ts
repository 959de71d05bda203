import { describe, expect, test } from 'vitest';
import type { Values } from '../../../src/cli/command.ts';
import { applyUserOptions } from '../../../src/cli/user-options.ts';
import { noBlocks, treatmentOptions, type BlockTexts } from '../../../src/cli/user-treatment.ts';
import { userSchema, type User } from '../../../src/model/settings.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const shop = (more: object = {}): User =>
  userSchema.parse({ v: 1, name: 'shop', origin: 'command', ...more });
const apply = (options: Values, user = shop(), blocks: Partial<BlockTexts> = {}): User => {
  const next = applyUserOptions(user, options, { ...noBlocks, ...blocks });
  if ('problem' in next) throw new Error(next.problem);
  return next;
};
const problems = (options: Values, user = shop()): readonly string[] => {
  const next = applyUserOptions(user, options);
  return 'problem' in next ? next.problem.split('\n') : [];
};

test('no options change nothing', () => {
  const user = shop({
    campaigns: 'day',
    header: { html: 'x' },
    defaults: { opens: true, topic: 'a', merge: { off: true } },
    rules: [{ when: {}, set: { tags: ['x'] } }],
  });
  expect(apply({}, user)).toEqual(user);
});

describe('defaults', () => {
  test.each([
    [{ trackOpens: true }, { opens: true }],
    [{ trackOpens: false }, { opens: false }],
    [{ trackClicks: 'text' }, { clicks: 'text' }],
    [
      { unsubscribe: true, topic: 'news' },
      { unsubscribe: true, topic: 'news' },
    ],
    [{ unsubscribe: false, topic: '' }, { unsubscribe: false }],
    [
      { ownBcc: true, separate: false },
      { ownBcc: true, separate: false },
    ],
    [{ merge: 'on' }, { merge: { syntaxes: ['brackets'] } }],
    [{ merge: 'strict' }, { merge: { syntaxes: ['brackets'], strict: true } }],
    [{ merge: 'off' }, { merge: { syntaxes: ['brackets'], off: true } }],
    [
      { header: true, footer: false },
      { header: true, footer: false },
    ],
    [{ default: '{"ttl":"2h","tags":["a,b"]}' }, { ttl: 7_200_000, tags: ['a,b'] }],
    [
      { default: '{"ttl":5}', trackOpens: true },
      { ttl: 5, opens: true },
    ],
    [{ default: ' ' }, {}],
  ])('%j gives %j', (options, want) => expect(apply(options).defaults).toEqual(want));

  test('merging that is switched keeps its values and syntaxes', () => {
    const user = shop({ defaults: { merge: { off: true, syntaxes: ['mailgun'], fields: { a: 'b' } } } });
    expect(apply({ merge: 'on' }, user).defaults.merge).toEqual({
      syntaxes: ['mailgun'],
      fields: { a: 'b' },
    });
  });

  test('all at once replaces what was there', () =>
    expect(apply({ default: '{"opens":true}' }, shop({ defaults: { topic: 'x' } })).defaults).toEqual({
      opens: true,
    }));
});

describe('blocks', () => {
  test('one that is given is put into messages, unless that is not wanted', () => {
    const footer = { html: '<p>' };
    expect(apply({}, shop(), { footer })).toMatchObject({ footer, defaults: { footer: true } });
    expect(apply({ footer: false }, shop(), { footer })).toMatchObject({
      footer,
      defaults: { footer: false },
    });
  });

  test('parts are replaced and removed one by one', () => {
    const user = shop({ header: { html: 'a', text: 'b' } });
    expect(apply({}, user, { header: { text: 'c' } }).header).toEqual({ html: 'a', text: 'c' });
    expect(apply({}, user, { header: { text: '' } }).header).toEqual({ html: 'a' });
    expect(apply({}, user, { header: { text: '', html: '' } }).header).toBeUndefined();
  });
});

describe('rules', () => {
  const rule = '{"when":{"sender":"*@a.example"},"set":{"tags":["a","b"],"footer":{"text":"x, y"}}}';
  test('are JSON, commas and all; together they replace those that were there', () =>
    expect(apply({ rule: [rule, rule] }, shop({ rules: [{ when: {}, set: {} }] })).rules).toEqual([
      { when: { sender: '*@a.example' }, set: { tags: ['a', 'b'], footer: { text: 'x, y' } } },
      { when: { sender: '*@a.example' }, set: { tags: ['a', 'b'], footer: { text: 'x, y' } } },
    ]));

  test('"" takes all away', () =>
    expect(apply({ rule: [''] }, shop({ rules: [{ when: {}, set: {} }] })).rules).toEqual([]));
});

describe('the rest', () => {
  test.each([
    [{ suppressed: 'drop' }, { suppressed: 'drop' }],
    [{ badControls: 'ignore' }, { badControls: 'ignore' }],
    [{ scheduleAhead: '12h' }, { scheduleAhead: 43_200_000 }],
    [
      { liquid: true, bypassSuppression: true },
      { liquid: true, bypassSuppression: true },
    ],
    [{ campaigns: 'sender-name' }, { campaigns: 'sender-name' }],
    [{ campaigns: 'none' }, { campaigns: undefined }],
    [{ mergeHeader: ['Subject,X-Order'] }, { mergeHeaders: ['subject', 'x-order'] }],
    [{ mergeHeader: [''] }, { mergeHeaders: [] }],
    [{ topicName: ['1234=News, weekly', '7 = A=B'] }, { topicNames: { '1234': 'News, weekly', '7': 'A=B' } }],
    [{ topicName: [''] }, { topicNames: undefined }],
    [{}, { topicNames: { old: 'Old' } }],
  ])('%j gives %j', (options, want) => {
    const next = apply(options, shop({ campaigns: 'day', liquid: false, topicNames: { old: 'Old' } }));
    for (const [key, value] of Object.entries(want)) expect(next[key as keyof User]).toEqual(value);
  });
});

describe('problems', () => {
  test('come all at once, each with its option and its place', () =>
    expect(
      problems({
        trackClicks: 'some',
        merge: 'maybe',
        campaigns: 'hour',
        suppressed: 'x',
        badControls: 'x',
        scheduleAhead: 'soon',
        topic: 'x'.repeat(101),
        mergeHeader: ['From', 'a b'],
        default: '{"opens":"yes","unknown":1,"merge":{"nothing":2}}',
        rule: ['{', '{"when":{},"set":{"sendAt":5}}'],
      }).map((line) => line.split(':')[0]),
    ).toEqual([
      '--track-clicks',
      '--merge',
      '--merge-header 1',
      '--merge-header 2',
      '--topic',
      '--campaigns',
      '--suppressed',
      '--bad-controls',
      '--schedule-ahead',
      '--default opens',
      '--default merge.nothing',
      '--default unknown',
      '--rule 1',
      '--rule 2.set.sendAt',
    ]));

  test.each(['null', '[]', '"x"', '1', '{"__proto__":{"opens":true}}', '{"merge":{"fields":{"a":1}}}'])(
    'defaults that are %s are one',
    (json) => expect(problems({ default: json })).not.toEqual([]),
  );

  test.each([
    ['{"opens":"yes"}', 'opens: must be true or false'],
    ['{"clicks":"some"}', 'clicks: must be one of none, all, html, text'],
    ['{"priority":9}', 'priority: must be one of 1, 2, 3, 4, 5'],
    ['[]', ' must be an object, such as {"name": "value"}'],
    ['{"tags":"x"}', 'tags: must be a list, such as ["a", "b"]'],
    ['{"metadata":{"a":1}}', 'metadata.a: must be a text'],
    [`{"topic":"${'x'.repeat(101)}"}`, 'topic: must be at most 100 characters'],
    ['{"attempts":0}', 'attempts: must be '],
    ['{"ttl":"x"}', 'ttl: must be a duration such as "2h"'],
    ['{"footer":3}', 'footer: must be true, false or a block of its own: html, text'],
    ['{"x":1}', 'x: is not a key we know'],
    ['{', ' is not JSON'],
  ])('defaults that are %s are told in our words', (json, said) => {
    expect(problems({ default: json })).toEqual([
      expect.stringContaining(`--default${said.startsWith(' ') ? ':' : ' '}${said}`),
    ]);
  });

  test('no word of the schema library gets through', () => {
    const rule = ['{"set":{}}', '{"when":{"sender":3},"set":{"opens":1,"merge":true,"topics":[7]}}'];
    const lines = problems({ trackClicks: 'x', topic: 'x'.repeat(101), rule });
    expect(lines).toHaveLength(7);
    expect(lines.filter((line) => /invalid|expected|received|too big/i.test(line))).toEqual([]);
    expect(lines).toContain('--rule 1.when: is missing');
  });

  test.each(['x', '=x', '5=', 'x'.repeat(101) + '=y', `5=${'x'.repeat(101)}`])(
    'a name of a topic that is %j is one',
    (text) => expect(problems({ topicName: [text] })).toHaveLength(1),
  );

  test('a pool that was not granted is one, in defaults and rules', () => {
    const rule = ['{"when":{},"set":{"pool":"slow"}}'];
    expect(problems({ default: '{"pool":"fast"}', rule })).toEqual([
      "defaults.pool is fast, which is neither the user's pool nor among its pools.",
      "rules.0.set.pool is slow, which is neither the user's pool nor among its pools.",
    ]);
    expect(problems({ default: '{"pool":"fast"}', allowPool: ['fast'] })).toEqual([]);
  });

  test('random JSON neither throws nor gets through unread', () => {
    const next = randomFrom(11);
    const pieces = [
      '{',
      '}',
      '"opens"',
      ':',
      'true',
      ',',
      '[',
      ']',
      '"merge"',
      '{}',
      '1e999',
      '"\\u0000"',
      '-',
    ];
    for (let i = 0; i < rounds(3000); i++) {
      const json = Array.from({ length: 1 + next(8) }, () => pieces[next(pieces.length)]).join('');
      const user = applyUserOptions(shop(), { default: json, rule: [json] });
      if (!('problem' in user)) expect(userSchema.safeParse(user).success).toBe(true);
    }
  });
});

test('every option has its own flag', () => {
  const flags = treatmentOptions.map(({ flags }) => flags.split(' ')[0]);
  expect(new Set(flags).size).toBe(flags.length);
});
