// A bucket whose service is slow, broken or hostile: nothing counts as written that is not, and nothing is read without end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Place } from '../../../src/batch/place.ts';
import { openBucket } from '../../../src/batch/places/s3.ts';
import { startS3, type TestS3 } from '../../support/s3.ts';

const KEYS = { bucket: 'box', region: 'auto', accessKey: 'S3RVER', secretKey: 'S3RVER' };
const all = (): boolean => true;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postino-s3-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

describe('a service that works', () => {
  let s3: TestS3;
  let bucket: Place;
  beforeAll(async () => {
    s3 = await startS3(mkdtempSync(join(tmpdir(), 'postino-s3-')), 'box');
    bucket = openBucket({ ...s3, bucket: 'box', region: 'auto' });
  });
  afterAll(() => s3.close());

  test('what was read before hides nothing that comes: folders inside are not gone through', async () => {
    const done = Array.from({ length: 1010 }, (_, n) => bucket.write(`in/done/2026-${n}-list.csv`, ''));
    await Promise.all(done);
    await bucket.write('in/list.csv', 'address\n');
    const found = await bucket.list('in', all);
    expect(found.map(({ path }) => path)).toEqual(['in/list.csv']);
  }, 60_000);

  test('an object that was replaced while it was read stays where it is', async () => {
    await bucket.write('swap/list.csv', 'ann');
    const first = await bucket.read('swap/list.csv', 100);
    await bucket.write('swap/list.csv', 'bob');
    expect(
      await bucket.move('swap/list.csv', 'swap/done/list.csv', first.is === 'read' ? first.version : ''),
    ).toBe(false);
    const second = await bucket.read('swap/list.csv', 100);
    expect(second).toMatchObject({ is: 'read', bytes: Buffer.from('bob') });
    const version = second.is === 'read' ? second.version : '';
    expect(await bucket.move('swap/list.csv', 'swap/done/list.csv', version)).toBe(true);
    expect(await bucket.move('swap/list.csv', 'swap/done/list.csv', version)).toBe(false);
    expect(await bucket.read('swap/list.csv', 100)).toEqual({ is: 'later' });
  });

  test('one that is too long to be read is put aside in parts', async () => {
    const file = join(folder, 'large');
    writeFileSync(file, Buffer.alloc(40_000_000, 'x'));
    await bucket.put('big/list.csv', file);
    const content = await bucket.read('big/list.csv', 1000);
    expect(content).toMatchObject({ is: 'unreadable', problem: expect.stringContaining('40000000 bytes') });
    const version = content.is === 'unreadable' ? content.version : undefined;
    expect(await bucket.move('big/list.csv', 'big/failed/list.csv', version)).toBe(true);
    expect(await bucket.list('big', all)).toEqual([]);
    expect((await bucket.list('big/failed', all)).map(({ bytes }) => bytes)).toEqual([40_000_000]);
  }, 60_000);

  test('a bucket that is not there is trouble, and not an empty one', async () => {
    const none = openBucket({ ...s3, bucket: 'nobodys', region: 'auto' });
    await expect(none.list('in', all)).rejects.toThrow(/no such bucket|404|NoSuchBucket/);
  });
});

describe('a service that does not', () => {
  let server: Server;
  let bucket: Place;
  let asked: string[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      request.resume();
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = z.object({ port: z.number() }).parse(server.address());
    bucket = openBucket({ ...KEYS, endpoint: `http://127.0.0.1:${port}` });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each([301, 302, 303, 307, 308])(
    'a redirect (%d) is not followed, and counts as nothing done',
    async (state) => {
      answer = ({ url }, response) =>
        url === '/elsewhere'
          ? void response.end('<ListBucketResult></ListBucketResult>')
          : void response.writeHead(state, { location: '/elsewhere' }).end();
      await expect(bucket.write('report.json', '{}')).rejects.toThrow('sends us on');
      await expect(bucket.list('in', all)).rejects.toThrow('sends us on');
      await expect(bucket.read('in/list.csv', 100)).rejects.toThrow('sends us on');
      expect(asked.filter((line) => line.endsWith('/elsewhere'))).toEqual([]);
    },
  );

  test('parts that were not put together are not written, though the answer is 200', async () => {
    const file = join(folder, 'large');
    writeFileSync(file, Buffer.alloc(17 * 1024 * 1024));
    answer = ({ method, url = '' }, response) => {
      if (method === 'POST' && url.includes('uploads'))
        return void response.end(
          '<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>',
        );
      if (method === 'PUT') return void response.setHeader('etag', '"part"').end();
      if (method === 'DELETE') return void response.writeHead(204).end();
      response.end(
        '<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>Try again.</Message></Error>',
      );
    };
    await expect(bucket.put('rows.csv', file)).rejects.toThrow('did not put the parts');
    expect(asked.at(-1)).toMatch(/^DELETE .*uploadId=u1/);
  });

  test('a storm of 503 is trouble of the place, and not of the file', async () => {
    answer = (_, response) =>
      void response
        .writeHead(503, { 'content-type': 'application/xml' })
        .end('<Error><Code>SlowDown</Code></Error>');
    await expect(bucket.read('in/list.csv', 100)).rejects.toThrow('503');
    await expect(bucket.list('in', all)).rejects.toThrow('503');
    await expect(bucket.write('x', 'y')).rejects.toThrow('503');
    await expect(bucket.move('in/list.csv', 'in/done/list.csv', 'v')).rejects.toThrow('503');
  });

  test.each<[what: string, text: string]>([
    ['that is never closed', '<a>'.repeat(500_000)],
    ['that is deep', '<a><b>'.repeat(20_000) + '</b></a>'.repeat(20_000)],
    ['without an end of a name', `<${'a'.repeat(1_000_000)}`],
    ['that is a page of a proxy', '<html><meta name=x><body>Please log in<br></body></html>'],
  ])('XML %s is refused at once', async (_, text) => {
    answer = (__, response) => void response.setHeader('content-type', 'application/xml').end(text);
    const began = performance.now();
    await expect(bucket.list('in', all)).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test.each([200, 500])('an answer (%d) without an end is left', async (state) => {
    answer = (_, response) => {
      response.writeHead(state, { 'content-type': 'application/xml' });
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    };
    await expect(bucket.list('in', all)).rejects.toThrow('more than');
    if (state === 200)
      expect(await bucket.read('in/list.csv', 100_000)).toMatchObject({
        is: 'unreadable',
        problem: /100000/,
      });
  });

  test('a truncated object is not read as a whole one', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '1000', etag: '"x"' });
      response.write('address\nann@example.net\n');
      setTimeout(() => response.destroy(), 50);
    };
    await expect(bucket.read('in/list.csv', 10_000)).rejects.toThrow();
  });

  test('one that does not answer keeps nobody from stopping', async () => {
    answer = () => undefined;
    const { port } = z.object({ port: z.number() }).parse(server.address());
    const signal = AbortSignal.timeout(100);
    const stopped = openBucket({ ...KEYS, endpoint: `http://127.0.0.1:${port}`, signal });
    const began = performance.now();
    await expect(stopped.list('in', all)).rejects.toThrow();
    await expect(stopped.write('x', 'y')).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test('an object that changes its tag is not removed', async () => {
    let n = 0;
    answer = ({ method }, response) => {
      response.setHeader('etag', `"${n++}"`);
      response.end(method === 'GET' ? 'address\n' : undefined);
    };
    const content = await bucket.read('in/list.csv', 10_000);
    expect(
      await bucket.move('in/list.csv', 'in/done/list.csv', content.is === 'read' ? content.version : ''),
    ).toBe(false);
    expect(asked.filter((line) => line.startsWith('DELETE'))).toEqual([]);
  });
});
