import { describe, expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { noticeEvent } from '../../../src/model/notice.ts';
import { monitorConfig } from '../../../src/monitor/config.ts';
import { judgeRates, NO_TALLY, outcomeOf, percentOf, type Tally } from '../../../src/monitor/rates.ts';

const config = monitorConfig.parse({}).rates;
const blank = noticeEvent({ type: 'trouble', at: 0, scope: '', key: '', reason: '' });
const event = (fields: Partial<Event>): Event => ({ ...blank, ...fields });
const reply = { code: 550, text: 'no' };

describe('what an event counts as', () => {
  const cases: readonly (readonly [string, Partial<Event>, string | undefined])[] = [
    ['a delivery', { type: 'delivered', reply }, 'delivered'],
    ['a complaint', { type: 'complained' }, 'complained'],
    ['a deferral', { type: 'deferred', class: 'rate-limited', reply }, 'deferred'],
    ['a deferral for our address', { type: 'deferred', class: 'blocked', reply }, 'blocked'],
    ['a refusal for our reputation', { type: 'bounced', class: 'reputation', reply }, 'blocked'],
    ['a bounce', { type: 'bounced', class: 'bad-mailbox', reply }, 'bounced'],
    ['a bounce that came later by mail', { type: 'bounced', class: 'bad-mailbox', report: 'dsn' }, 'bounced'],
    ['greylisting', { type: 'deferred', class: 'greylisted', reply }, undefined],
    ['a full mailbox', { type: 'deferred', class: 'mailbox-full', reply }, undefined],
    ['a dead host', { type: 'deferred', class: 'connection' }, undefined],
    ['an end of ours', { type: 'bounced', class: 'routing' }, undefined],
    ['expired', { type: 'expired', class: 'expired' }, undefined],
    ['accepted', { type: 'accepted' }, undefined],
    ['a notice', { type: 'trouble' }, undefined],
  ];
  for (const [name, fields, want] of cases) test(name, () => expect(outcomeOf(event(fields))).toBe(want));
});

const tally = (fields: Partial<Tally>): Tally => ({ ...NO_TALLY, ...fields });
const counts = (hour: Record<string, Tally>, day = hour) => ({
  hour: new Map(Object.entries(hour)),
  day: new Map(Object.entries(day)),
});

describe('what rates say', () => {
  const cases: readonly (readonly [string, Record<string, Tally>, 'good' | 'bad' | 'worst'])[] = [
    ['nothing', {}, 'good'],
    ['only deliveries', { google: tally({ delivered: 1000 }) }, 'good'],
    ['a few bounces of few messages', { google: tally({ delivered: 2, bounced: 8 }) }, 'good'],
    ['as many bounces as would be bad of a hundred', { google: tally({ bounced: 10 }) }, 'bad'],
    [
      'blocks of one provider',
      { google: tally({ delivered: 900 }), yahoo: tally({ delivered: 90, blocked: 10 }) },
      'bad',
    ],
    ['just below', { yahoo: tally({ delivered: 901, blocked: 99 }) }, 'good'],
    ['deferrals', { yahoo: tally({ delivered: 100, deferred: 100 }) }, 'bad'],
    [
      'blocks nearly everywhere',
      { a: tally({ blocked: 500 }), b: tally({ delivered: 100, blocked: 100 }) },
      'worst',
    ],
    [
      'one provider alone does not quarantine',
      { a: tally({ blocked: 100 }), b: tally({ delivered: 900 }) },
      'bad',
    ],
    ['complaints', { yahoo: tally({ delivered: 1000, complained: 3 }) }, 'bad'],
    ['others', { '': tally({ delivered: 100, bounced: 20 }) }, 'bad'],
  ];
  for (const [name, hour, want] of cases)
    test(name, () => expect(judgeRates(counts(hour), config, 'good').level).toBe(want));

  test('what was bad stays so until it is clearly better', () => {
    const now = counts({ yahoo: tally({ delivered: 91, blocked: 9 }) });
    expect(judgeRates(now, config, 'good').level).toBe('good');
    expect(judgeRates(now, config, 'bad').level).toBe('bad');
    expect(judgeRates(counts({ yahoo: tally({ delivered: 93, blocked: 7 }) }), config, 'bad').level).toBe(
      'good',
    );
  });
  test('complaints are counted over a day, all else over an hour', () => {
    const calm = { yahoo: tally({ delivered: 10 }) };
    expect(
      judgeRates(counts(calm, { yahoo: tally({ delivered: 900, complained: 4 }) }), config, 'good').level,
    ).toBe('bad');
    expect(judgeRates(counts(calm, { yahoo: tally({ bounced: 900 }) }), config, 'good').level).toBe('good');
  });
  test('0 switches a threshold off', () => {
    const off = { ...config, bounced: 0, blockedByAll: 0, blocked: 0 };
    expect(judgeRates(counts({ a: tally({ bounced: 500, blocked: 500 }) }), off, 'good').level).toBe('good');
  });
  test('the reason names provider, share and count', () =>
    expect(judgeRates(counts({ yahoo: tally({ delivered: 90, blocked: 12 }) }), config, 'good').reason).toBe(
      '12 % refused for our address by yahoo (12)',
    ));
  test('percentages of nothing are 0', () => expect(percentOf(NO_TALLY, 1).bounced).toBe(0));
});
