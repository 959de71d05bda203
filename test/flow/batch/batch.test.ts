// Batch files on a real Redis, in a folder and in an S3 bucket: what goes out by the hour and day, what comes in.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openBucket } from '../../../src/batch/places/s3.ts';
import type { Batch } from '../../../src/batch/run.ts';
import { parseConfig } from '../../../src/config.ts';
import { segmentName } from '../../../src/events/folder.ts';
import { linesOf } from '../../../src/events/line.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Event } from '../../../src/model/event.ts';
import { openBase, type Base } from '../../../src/roles/base.ts';
import { openBatch } from '../../../src/roles/batch.ts';
import { openHistory } from '../../../src/roles/history.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';
import { startS3, type TestS3 } from '../../support/s3.ts';

const NOON = Date.UTC(2026, 2, 10, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let redis: TestRedis;
let s3: TestS3;
let folder: string;
let now: number;
let base: Base | undefined;

beforeAll(async () => {
  redis = await startRedis();
  s3 = await startS3(mkdtempSync(join(tmpdir(), 'postino-s3-')), 'box');
});
afterAll(async () => {
  await redis?.stop();
  await s3?.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postino-batch-'));
  now = NOON + 30 * MINUTE;
  return async () => {
    await base?.close();
    base = undefined;
    rmSync(folder, { recursive: true, force: true });
  };
});

const out = (): string => join(folder, 'out');

async function open(batch: object): Promise<Batch> {
  const bucket = { bucket: 'box', endpoint: s3.endpoint, accessKey: s3.accessKey, secretKey: s3.secretKey };
  const places = [
    { name: 'here', folder: out() },
    { name: 'cloud', ...bucket },
  ];
  const config = JSON.stringify({ data: join(folder, 'data'), batch: { places, ...batch } });
  const around = { redisUrl: redis.url, prefix: randomPrefix(), log: silentLog };
  base = await openBase({
    ...around,
    config: parseConfig(config, { file: undefined, environment: {} }),
    clock: { ...systemClock, now: () => now },
  });
  return openBatch(base);
}

function event(type: Event['type'], n: number, more: Partial<Event> = {}): Event {
  const ids = { submission: `S${n}`, delivery: `S${n}-1`, id: `S${n}-1.${type}` };
  return {
    v: 1,
    type,
    at: NOON,
    account: 'default',
    user: 'shop',
    recipient: 'ann@example.net',
    sender: 's@shop.example',
    ...ids,
    ...more,
  };
}

/** As the writer of the event log leaves it: entries of the stream with their times. */
function written(...entries: readonly (readonly [number, Event])[]): void {
  const events = join(folder, 'data', 'events');
  mkdirSync(events, { recursive: true });
  const lines = entries.map(
    ([ms, one]) => linesOf({ id: `${ms}-0`, event: JSON.stringify(one), pairs: undefined }).text,
  );
  writeFileSync(join(events, segmentName({ ms: entries[0]?.[0] ?? 0, seq: 0, n: 0 })), lines.join(''));
}

const hourly = { name: 'hourly', what: 'events', every: 'hour', place: 'here' };
const files = (path = out()): string[] => readdirSync(path).sort();
const read = (...path: string[]): string => readFileSync(join(out(), ...path), 'utf8');

test('each hour has one file, once all its events are on disk; the first one is whole', async () => {
  const batch = await open({
    exports: [hourly, { ...hourly, name: 'lines', format: 'jsonl', gzip: true, types: ['delivered'] }],
  });
  written(
    [NOON - 1, event('accepted', 0)],
    [NOON, event('accepted', 1, { subject: '=HYPERLINK("http://evil.example")', tags: ['a', 'b'] })],
    [NOON + 40 * MINUTE, event('delivered', 1, { reply: { code: 250, text: 'Ok, "queued"\nfor you' } })],
    [NOON + 41 * MINUTE, event('delivered', 7, { account: 'other' })],
    [NOON + HOUR, event('accepted', 2)],
  );
  await batch.tick();
  now = NOON + HOUR + 30_000;
  await batch.tick();
  expect(() => files()).toThrow('ENOENT');
  now = NOON + HOUR + MINUTE;
  await batch.tick();
  await batch.tick();
  expect(files()).toEqual(['hourly-2026-03-10T12.csv', 'lines-2026-03-10T12.jsonl.gz']);
  const [head, ...lines] = read('hourly-2026-03-10T12.csv').split('\r\n');
  expect(head).toMatch(/^at,type,id,account,user,submission,/);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
  expect(lines[0]).toContain(',a b,');
  expect(lines[1]).toContain('250,,"Ok, ""queued""\nfor you"');
  const packed = gunzipSync(readFileSync(join(out(), 'lines-2026-03-10T12.jsonl.gz'))).toString('utf8');
  expect(
    packed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([expect.objectContaining({ id: 'S1-1.delivered', code: 250, at: '2026-03-10T12:00:00.000Z' })]);
});

test('hours that were missed are caught up with, in order, each the same as if it had been in time', async () => {
  const batch = await open({ exports: [hourly] });
  await batch.tick();
  written([NOON + 5 * MINUTE, event('accepted', 1)], [NOON + 3 * HOUR, event('accepted', 2)]);
  now = NOON + 5 * HOUR + MINUTE;
  await batch.tick();
  expect(files()).toEqual([12, 13, 14, 15, 16].map((hour) => `hourly-2026-03-10T${hour}.csv`));
  expect(files().map((file) => read(file).trim().split('\r\n').length - 1)).toEqual([1, 0, 0, 1, 0]);
});

test('counts wait for a history that is behind: they are written once', async () => {
  const batch = await open({ exports: [{ ...hourly, name: 'counts', what: 'statistics' }] });
  await batch.tick();
  written([NOON + MINUTE, event('accepted', 1)], [NOON + 2 * MINUTE, event('delivered', 1)]);
  now = NOON + HOUR + MINUTE;
  await batch.tick();
  expect(existsSync(out())).toBe(false);
  const history = base && openHistory(base);
  for await (const recorded of base?.eventLog.read(undefined) ?? []) await history?.take(recorded);
  await history?.close();
  await batch.tick();
  expect(files()).toEqual(['counts-2026-03-10T12.csv']);
  expect(read('counts-2026-03-10T12.csv')).toMatch(/\r\n2026-03-10T12:00:00\.000Z,[^,]*,1,1,/);
});

test('a day is that of the time zone, and a place that fails is told once and tried again', async () => {
  const daily = { name: 'gone', what: 'suppressions', place: 'here' };
  const batch = await open({ timeZone: 'Europe/Rome', exports: [daily] });
  await base?.suppressions.add('default', 'ann@example.net', 'by hand');
  await batch.tick();
  now = Date.UTC(2026, 2, 10, 23) + MINUTE; // midnight in Rome
  writeFileSync(out(), 'a file where the folder should be');
  await batch.tick();
  await batch.tick();
  expect((await batch.states()).get('gone')).toMatchObject({
    tries: 1,
    problem: expect.stringMatching(/EEXIST|ENOTDIR/),
  });
  rmSync(out());
  now += 30_000;
  await batch.tick();
  expect(files()).toEqual(['gone-2026-03-10.csv']);
  expect(read('gone-2026-03-10.csv')).toMatch(/\r\nann@example\.net,by hand,/);
  const told = await base?.asking.call('XRANGE', base.keys.events, '-', '+');
  const texts = JSON.stringify(told);
  expect(texts).toContain('The batch job gone failed');
  expect(texts).toContain('works again');
  expect(await base?.asking.call('XLEN', base.keys.events)).toBe(2);
});

/** Uploaded a minute ago. */
function arrives(name: string, text: string | Buffer): void {
  mkdirSync(join(out(), 'in'), { recursive: true });
  writeFileSync(join(out(), 'in', name), text);
  utimesSync(join(out(), 'in', name), (now - MINUTE) / 1000, (now - MINUTE) / 1000);
}

test('lists that come are read whole, reported on and moved; a half one and a bad one harm nobody', async () => {
  const batch = await open({ imports: [{ name: 'gone', what: 'suppressions', place: 'here' }] });
  arrives(
    'a.csv',
    '\uFEFFEmail,Reason,Topic\r\nann@example.net,"asked, by phone",\r\nnobody,x,\r\n\r\nbob@example.net,,news\r\na,b,c,d,e\r\n',
  );
  arrives(
    'b.jsonl',
    '{"email":"carl@example.net"}\nno json\n{"address":"dora@example.net","scope":"nonsense"}\n',
  );
  arrives('c.csv', 'no head line here\r\nx@example.net\r\n');
  arrives('d.txt', 'of no interest');
  writeFileSync(join(out(), 'in', 'e.csv'), 'email\r\nstill@being.example');
  utimesSync(join(out(), 'in', 'e.csv'), now / 1000, now / 1000);
  await batch.tick();
  expect(files(join(out(), 'in'))).toEqual(['d.txt', 'done', 'e.csv', 'failed']);
  const [report = ''] = files(join(out(), 'in', 'done')).filter((name) => name.endsWith('a.csv.report.json'));
  expect(JSON.parse(read('in', 'done', report))).toMatchObject({
    lines: 4,
    added: 2,
    known: 0,
    leftOut: 2,
    problems: [{ line: 3 }, { line: 6 }],
  });
  expect(files(join(out(), 'in', 'failed')).some((name) => name.endsWith('-c.csv'))).toBe(true);
  const isSuppressed = (address: string, topic?: string) =>
    base?.suppressions.isSuppressed('default', address, topic);
  expect(await isSuppressed('ann@example.net')).toBe(true);
  expect(await isSuppressed('bob@example.net')).toBe(false);
  expect(await isSuppressed('bob@example.net', 'news')).toBe(true);
  expect(await isSuppressed('carl@example.net')).toBe(true);
  expect(await isSuppressed('dora@example.net')).toBe(false);
  expect((await base?.suppressions.show('default', 'ann@example.net'))?.reason).toBe('asked, by phone');
});

test('recipients come in and go out; what we count ourselves is not taken from a file', async () => {
  const batch = await open({
    exports: [{ name: 'people', what: 'recipients', place: 'here' }],
    imports: [{ name: 'crm', what: 'recipients', place: 'here', every: '1m' }],
  });
  arrives('people.csv', 'address,name,City,accepted\r\nann@example.net,Ann Rossi,Torino,99\r\nnobody,,,\r\n');
  await batch.tick();
  expect(await base?.recipients.show('default', 'ann@example.net')).toMatchObject({
    name: 'Ann Rossi',
    fields: { city: 'Torino' },
    accepted: 0,
  });
  arrives(
    'evil.jsonl',
    '{"address":"eve@example.net","__proto__":"evil","x":{}}\n{"email":"eve@example.net","constructor":"evil"}',
  );
  now += 10 * MINUTE;
  await batch.tick();
  expect(Object.keys(Object.prototype)).toEqual([]);
  // What lines say of one address comes together, in their order.
  arrives(
    'twice.jsonl',
    '{"address":"lea@example.net","name":"L","city":"Roma"}\n{"address":"LEA@example.net","name":"Lea"}\n{"address":"lea@example.net","vip":true}\n',
  );
  now += 10 * MINUTE;
  await batch.tick();
  expect(await base?.recipients.show('default', 'lea@example.net')).toMatchObject({
    name: 'Lea',
    fields: { city: 'Roma', vip: 'true' },
  });
  // Windows-1252: a name with a sign that nobody can read is worse than none.
  arrives('old.csv', Buffer.from('address,name\nrita@example.net,Zo\xEB\nugo@example.net,Ugo\n', 'latin1'));
  now += 10 * MINUTE;
  await batch.tick();
  expect(await base?.recipients.show('default', 'rita@example.net')).toBeUndefined();
  expect(await base?.recipients.show('default', 'ugo@example.net')).toMatchObject({ name: 'Ugo' });
  const [job] = base?.config.batch.exports ?? [];
  const left = join(folder, 'data', 'batch', 'people-killed');
  mkdirSync(left, { recursive: true });
  utimesSync(left, Date.now() / 1000 - 90_000, Date.now() / 1000 - 90_000);
  const made = job && (await batch.exportNow(job, now));
  expect(made).toEqual({ file: 'people-2026-03-10.csv', rows: 4 });
  expect(files(join(folder, 'data', 'batch'))).toEqual([]);
  rmSync(join(out(), 'in'), { recursive: true });
  arrives('again.csv', read('people-2026-03-10.csv'));
  now += 2 * MINUTE;
  await batch.tick();
  expect((await base?.recipients.show('default', 'ann@example.net'))?.fields).toEqual(
    expect.objectContaining({ city: 'Torino' }),
  );
});

test('what is stopped is no trouble, and is done again by whoever comes next', async () => {
  const job = { name: 'gone', what: 'suppressions', place: 'here' };
  await open({ imports: [job] });
  if (!base) throw new Error('not open');
  arrives('a.csv', `address\n${'ann@example.net\n'.repeat(5000)}`);
  const over = new AbortController();
  const working = openBatch(base, over.signal).tick();
  await systemClock.sleep(20);
  over.abort();
  await working;
  const next = openBatch(base);
  expect((await next.states()).get('gone')).toBeUndefined();
  expect(files(join(out(), 'in'))).toEqual(['a.csv']);
  await next.tick();
  expect(files(join(out(), 'in'))).toEqual(['done']);
});

test('a file that was right is not replaced by one that cannot be', async () => {
  const batch = await open({
    exports: [hourly, { name: 'people', what: 'recipients', place: 'here' }],
  });
  const [events, people] = base?.config.batch.exports ?? [];
  if (!events || !people) throw new Error('no exports');
  const DAY = 24 * HOUR;
  await expect(batch.exportNow(events, now - 31 * DAY)).rejects.toThrow('kept for 30 days');
  await expect(batch.exportNow(events, now + HOUR)).rejects.toThrow('not come yet');
  await expect(batch.exportNow(people, now - DAY)).rejects.toThrow('as it is now');
  await expect(batch.exportNow(people, 1e300)).rejects.toThrow();
  expect(() => files()).toThrow('ENOENT');
  expect(await batch.exportNow(events, now - 29 * DAY)).toMatchObject({ rows: 0 });
});

test('a bucket does the same, large files in parts', async () => {
  const batch = await open({
    exports: [{ ...hourly, place: 'cloud', folder: 'events' }],
    imports: [{ name: 'gone', what: 'suppressions', place: 'cloud' }],
  });
  const bucket = openBucket({ ...s3, bucket: 'box', region: 'auto' });
  await batch.tick();
  const subject = 'x'.repeat(900);
  written(
    ...Array.from({ length: 20_000 }, (_, n) => [NOON + n, event('accepted', n, { subject })] as const),
  );
  await bucket.write('in/list.csv', 'email\nann@example.net\n');
  now = Math.max(NOON + HOUR + MINUTE, Date.now() + HOUR);
  await batch.tick();
  const [file] = await bucket.list('events', () => true);
  expect(file).toMatchObject({ path: 'events/hourly-2026-03-10T12.csv' });
  expect(file?.bytes).toBeGreaterThan(17_000_000);
  const content = await bucket.read(file?.path ?? '', 1e9);
  expect(content.is === 'read' && content.bytes.toString().split('\r\n')).toHaveLength(20_002);
  expect(await bucket.list('in', () => true)).toEqual([]);
  expect(
    (await bucket.list('in/done', () => true)).map(({ path }) => path.replace(/\d{4}[^/]*Z-/, '')),
  ).toEqual(['in/done/list.csv', 'in/done/list.csv.report.json']);
  expect(await base?.suppressions.isSuppressed('default', 'ann@example.net')).toBe(true);
});
