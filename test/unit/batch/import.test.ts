// Lists that come: every line is taken, known or told of, whatever strangers write into a file; a file is read once.
import { constants } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { batchConfig } from '../../../src/batch/config.ts';
import { entriesOf, type Entry } from '../../../src/batch/entries.ts';
import { readImports, type Report, type Taken } from '../../../src/batch/import.ts';
import { lengthProblem, type Place } from '../../../src/batch/place.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const OLD = NOW - 60_000;
const [job] = batchConfig.parse({
  places: [{ name: 'here', folder: '/x' }],
  imports: [{ name: 'x', what: 'recipients', place: 'here', account: 'acme' }],
}).imports;

type Files = Record<string, string>;

/** A place in memory: `done` says what was written and moved, in order. */
function placeOf(
  files: Files,
  at: (path: string) => number = () => OLD,
  encoding: BufferEncoding = 'utf8',
): Place & { done: string[] } {
  const done: string[] = [];
  return {
    done,
    put: () => Promise.reject(new Error('nothing is put here')),
    list: (folder, wanted) =>
      Promise.resolve(
        Object.entries(files)
          .filter(([path]) => path.slice(0, path.lastIndexOf('/')) === folder && wanted(path))
          .map(([path, text]) => ({ path, bytes: text.length, at: at(path) })),
      ),
    read: async (path, maxBytes) => {
      const text = files[path];
      if (text === undefined) return { is: 'later' };
      const problem = lengthProblem(text.length, maxBytes);
      if (problem !== undefined) return { is: 'unreadable', problem, version: text };
      return { is: 'read', bytes: Buffer.from(text, encoding), version: text };
    },
    write: async (path, text) => {
      done.push(`write ${path}`);
      files[path] = text;
    },
    move: async (from, to, version) => {
      if (files[from] !== version) return false;
      done.push(`move ${from} ${to}`);
      files[to] = files[from] ?? '';
      delete files[from];
      return true;
    },
  };
}

type Run = Readonly<{ reports: readonly Report[]; entries: Entry[]; files: Files; done: string[] }>;

async function read(files: Files, take?: (entry: Entry) => Taken, place = placeOf(files)): Promise<Run> {
  if (!job) throw new Error('no import');
  const entries: Entry[] = [];
  const reports = await readImports(job, {
    place,
    maxBytes: 100_000,
    now: () => NOW,
    take: async (account, entry) => {
      expect(account).toBe('acme');
      entries.push(entry);
      return take?.(entry) ?? 'added';
    },
  });
  return { reports, entries, files, done: place.done };
}

const one = async (name: string, text: string, take?: (entry: Entry) => Taken) => {
  const { reports, entries } = await read({ [`in/${name}`]: text }, take);
  const [report] = reports;
  if (!report) throw new Error('no report');
  return { report, entries: entries.map((entry) => ({ ...entry })) };
};

describe('tables', () => {
  test.each<[text: string, entries: object[]]>([
    ['address\na@x.example\n', [{ address: 'a@x.example' }]],
    ['\uFEFFE-Mail,Name\r\na@x.example,Ann\r\n', [{ address: 'a@x.example', name: 'Ann' }]],
    ['name, EMAIL \rAnn, a@x.example \r', [{ name: 'Ann', address: 'a@x.example' }]],
    // Short lines have empty fields; lines of blanks are none.
    [
      'address,name\na@x.example\n \n\nb@x.example,Bo',
      [
        { address: 'a@x.example', name: '' },
        { address: 'b@x.example', name: 'Bo' },
      ],
    ],
    [
      'mail,note\n"a@x.example","two\nlines, ""quoted"""\n',
      [{ address: 'a@x.example', note: 'two\nlines, "quoted"' }],
    ],
    // What an export marked is what it was before.
    ["address,name\na@x.example,'=1+1\n", [{ address: 'a@x.example', name: '=1+1' }]],
    ['address\n', []],
  ])('%j', async (text, entries) => {
    const came = await one('list.csv', text);
    expect(came.entries).toEqual(entries);
    expect(came.report).toMatchObject({
      lines: entries.length,
      added: entries.length,
      leftOut: 0,
      problems: [],
    });
  });

  test.each(['', '\n', 'name,age\nAnn,7\n', 'a@x.example\nb@x.example\n', '\uFEFF'])(
    'without a column for the address nothing is read: %j',
    async (text) => {
      const { report, entries } = await one('list.csv', text);
      expect(entries).toEqual([]);
      expect(report.problem).toMatch(/names no column/);
    },
  );

  test('a line with more fields than columns is left out, by its number in the file', async () => {
    const { report, entries } = await one(
      'list.csv',
      'address\n"a@x.example\n"\nb@x.example,extra\nc@x.example\n',
    );
    expect(entries.map(({ address }) => address)).toEqual(['a@x.example', 'c@x.example']);
    expect(report).toMatchObject({ lines: 3, leftOut: 1, problems: [{ line: 4 }] });
  });
});

describe('JSON', () => {
  test.each<[text: string, entries: object[], bad: number[]]>([
    [
      '{"email":"a@x.example","Age":7,"vip":true,"note":null}\n',
      [{ address: 'a@x.example', age: '7', vip: 'true', note: '' }],
      [],
    ],
    ['\uFEFF{"address":"a"}\r\n\r\n{"address":"b"}', [{ address: 'a' }, { address: 'b' }], []],
    ['[]\nnull\n7\n{"address":{"x":1}}\n{"address":"a"}\n{', [{ address: 'a' }], [1, 2, 3, 4, 6]],
    [`${'['.repeat(50_000)}\n{"address":"a"}`, [{ address: 'a' }], [1]],
    ['', [], []],
  ])('%.60j', async (text, entries, bad) => {
    const came = await one('list.JSONL', text);
    expect(came.entries).toEqual(entries);
    expect(came.report.problems.map(({ line }) => line)).toEqual(bad);
    expect(came.report.leftOut).toBe(bad.length);
  });

  test('no name reaches into objects of ours', async () => {
    const { entries } = await read({
      'in/a.jsonl': '{"__proto__":{"x":"1"}}\n{"__proto__":"polluted","constructor":"x","address":"a"}\n',
      'in/b.csv': 'address,__proto__,constructor\na@x.example,polluted,x\n',
    });
    for (const entry of entries) {
      expect(Object.getPrototypeOf(entry)).toBeNull();
      expect(Object.isFrozen(entry)).toBe(true);
      expect(entry['toString']).toBeUndefined();
    }
    expect(entries.map((entry) => entry['constructor'])).toEqual([undefined, 'x', 'x']);
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });
});

test('what is known, added and left out is counted; only the first hundred problems are told', async () => {
  const lines = Array.from({ length: 400 }, (_, i) => `user${i}@x.example`);
  const { report } = await one('list.csv', `address\n${lines.join('\n')}\n`, ({ address = '' }) => {
    const number = Number(/\d+/.exec(address)?.[0]);
    if (number % 2 === 1) return { problem: 'is odd' };
    return number % 4 === 0 ? 'known' : 'added';
  });
  expect(report).toMatchObject({ lines: 400, added: 100, known: 100, leftOut: 200 });
  expect(report.problems).toHaveLength(100);
  expect(report.problems[0]).toEqual({ line: 3, problem: 'is odd' });
  expect(report.problems.map(({ line }) => line)).toEqual(report.problems.map((_, i) => 3 + 2 * i));
});

describe('files', () => {
  test('are read oldest first, moved aside with a report that is there before', async () => {
    const files = { 'in/b.csv': 'address\nb@x.example\n', 'in/a.csv': 'name\n', 'in/notes.txt': 'x' };
    const place = placeOf(files, (path) => (path === 'in/b.csv' ? OLD - 1 : OLD));
    const { reports, done } = await read(files, undefined, place);
    expect(reports.map(({ file }) => file)).toEqual(['in/b.csv', 'in/a.csv']);
    const stamp = '2026-01-01T12-00-00-000Z';
    expect(done).toEqual([
      `write in/done/${stamp}-b.csv.report.json`,
      `move in/b.csv in/done/${stamp}-b.csv`,
      `write in/failed/${stamp}-a.csv.report.json`,
      `move in/a.csv in/failed/${stamp}-a.csv`,
    ]);
    expect(Object.keys(files)).toContain('in/notes.txt');
    expect(
      JSON.parse(
        place.done.length > 0
          ? (Object.entries(files).find(([path]) => path.endsWith('b.csv.report.json'))?.[1] ?? '')
          : '',
      ),
    ).toMatchObject({ file: 'in/b.csv', added: 1 });
  });

  test('that were written to just now wait', async () => {
    const files = { 'in/a.csv': 'address\na@x.example\n' };
    const { reports } = await read(
      files,
      undefined,
      placeOf(files, () => NOW - 9_999),
    );
    expect([reports, Object.keys(files)]).toEqual([[], ['in/a.csv']]);
  });

  test('that are too long are told of, and the others read', async () => {
    const all: Files = {
      'in/a.csv': `address\n${'x'.repeat(100_001)}`,
      'in/z.csv': 'address\nz@x.example\n',
    };
    const { reports, entries } = await read(all);
    expect(reports.map((report) => report.problem)).toEqual([
      expect.stringMatching(/at most 100000 are read/),
      undefined,
    ]);
    expect(entries).toHaveLength(1);
  });

  test('that somebody else took meanwhile are none', async () => {
    const files: Files = { 'in/a.csv': 'address\na@x.example\n', 'in/b.csv': 'address\nb@x.example\n' };
    const place = placeOf(files);
    const list: Place['list'] = async (...given) => {
      const found = await place.list(...given);
      delete files['in/a.csv'];
      return found;
    };
    const { reports } = await read(files, undefined, { ...place, list });
    expect(reports.map(({ file, problem }) => [file, problem])).toEqual([['in/b.csv', undefined]]);
  });

  test('that are replaced while they are read are read again, and not put aside unread', async () => {
    const files: Files = { 'in/a.csv': 'address\na@x.example\n' };
    await read(files, () => {
      files['in/a.csv'] = 'address\nb@x.example\n';
      return 'added';
    });
    expect(files['in/a.csv']).toContain('b@x.example');
    const { entries } = await read(files);
    expect(entries.map(({ address }) => address)).toEqual(['b@x.example']);
    expect(files['in/a.csv']).toBeUndefined();
  });

  test('that cannot be moved keep no other from being read', async () => {
    const files: Files = { 'in/a.csv': 'address\na@x.example\n', 'in/b.csv': 'address\nb@x.example\n' };
    const place = placeOf(files);
    const move: Place['move'] = (from, ...given) =>
      from === 'in/a.csv' ? Promise.reject(new Error('EPERM')) : place.move(from, ...given);
    await expect(read(files, undefined, { ...place, move })).rejects.toThrow('EPERM');
    expect(files['in/a.csv']).toBeDefined();
    expect(files['in/b.csv']).toBeUndefined();
  });

  test('of the longest names have a report as others do', async () => {
    const files: Files = { [`in/${'é'.repeat(120)}.csv`]: 'address\na@x.example\n' };
    await read(files);
    const names = Object.keys(files).map((path) => path.slice(path.lastIndexOf('/') + 1));
    expect(names).toHaveLength(2);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThan(240);
  });

  test('stay where they are when the place fails while they are read', async () => {
    const files: Files = { 'in/a.csv': 'address\na@x.example\n' };
    const broken: Place = { ...placeOf(files), read: () => Promise.reject(new Error('503')) };
    await expect(read(files, undefined, { ...broken, done: [] })).rejects.toThrow('503');
    expect(Object.keys(files)).toEqual(['in/a.csv']);
  });

  test('stay where they are when we stop, and no line is taken any more', async () => {
    if (!job) throw new Error('no import');
    const files: Files = { 'in/a.csv': `address\n${'a@x.example\n'.repeat(1000)}` };
    const over = new AbortController();
    let taken = 0;
    const take = async (): Promise<Taken> => {
      if (++taken === 120) over.abort();
      return 'known';
    };
    const deps = { place: placeOf(files), maxBytes: 100_000, now: () => NOW, take, signal: over.signal };
    await expect(readImports(job, deps)).rejects.toThrow();
    expect(taken).toBeLessThan(200);
    expect(Object.keys(files)).toEqual(['in/a.csv']);
  });

  test('stay where they are when the list cannot be reached', async () => {
    const files = { 'in/a.csv': 'address\na@x.example\n' };
    const away = (): never => {
      throw new Error('Redis is away');
    };
    await expect(read(files, away)).rejects.toThrow('Redis is away');
    expect(Object.keys(files)).toEqual(['in/a.csv']);
  });
});

describe('encodings and hostile shapes', () => {
  test('UTF-16 with its mark is read, and semicolons are taken for commas', async () => {
    const files: Files = { 'in/a.csv': '\uFEFFaddress;name\r\nann@x.example;Zoë, née É\r\n' };
    const { entries } = await read(
      files,
      undefined,
      placeOf(files, () => OLD, 'utf16le'),
    );
    expect(entries.map((entry) => ({ ...entry }))).toEqual([
      { address: 'ann@x.example', name: 'Zoë, née É' },
    ]);
  });

  test('UTF-16 the other way round', () => {
    const bytes = Buffer.from('\uFEFF{"address":"ann@x.example"}\n', 'utf16le').swap16();
    const entries = entriesOf(bytes, false);
    expect('list' in entries && [...entries.list]).toMatchObject([{ entry: { address: 'ann@x.example' } }]);
  });

  test.each<[name: string, text: string, isCsv: boolean, least: number]>([
    ['line ends alone', '\n'.repeat(3_000_000), false, 3_000_000],
    ['line ends alone under a head line', `address${'\n'.repeat(3_000_000)}`, true, 2_999_999],
    ['commas alone under a head line', `address\n${','.repeat(3_000_000)}`, true, 1],
    ['one line without an end', `address\n${'x'.repeat(3_000_000)}`, true, 1],
    ['one line without an end', `{"address":"${'x'.repeat(3_000_000)}`, false, 1],
    ['a quote that is never closed', `address\n${'"x""\n'.repeat(600_000)}`, true, 1],
  ])('%s (%#) take little time', (_what, text, isCsv, least) => {
    const began = performance.now();
    const entries = entriesOf(Buffer.from(text), isCsv);
    let count = 0;
    if ('list' in entries) for (const _one of entries.list) count++;
    expect(count).toBeGreaterThanOrEqual(least);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('a file that is longer than any text is none, whatever may be read', () => {
    const entries = entriesOf(Buffer.alloc(constants.MAX_STRING_LENGTH + 1), true);
    expect(entries).toEqual({ problem: expect.stringContaining('split it') });
  });

  test('a head line of a million columns is none, so that no line is filled with them', () => {
    const entries = entriesOf(
      Buffer.from(`address${',a'.repeat(1_000_000)}\n${'x\n'.repeat(100_000)}`),
      true,
    );
    expect(entries).toEqual({ problem: expect.stringContaining('more than 1000 columns') });
  });

  test('mail has its turn while a file without entries is read', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const files: Files = { 'in/a.jsonl': '\n'.repeat(90_000) };
    await read(files);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });
});
