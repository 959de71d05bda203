// An S3 bucket as a place for batch files; the only file that imports s3mini.
import { open, readFile, stat } from 'node:fs/promises';
import { S3mini } from 's3mini';
import { lengthProblem, MAX_LISTED, type Content, type Place, type StoredFile } from '../place.ts';
import { answerOf, bytesOf } from './s3-answer.ts';

export type Bucket = Readonly<{
  endpoint: string;
  bucket: string;
  region: string;
  accessKey: string;
  secretKey: string;
  /** When it aborts, no request goes on. */
  signal?: AbortSignal;
}>;

/** Larger files go up in parts of this size: S3 takes at most 5 GiB at once, and we hold one part in memory. */
const PART_BYTES = 16 * 1024 * 1024;
const PAGE = 1000;
/** So many pages of other files are gone through, at most. */
const MAX_PAGES = 100;

/** Objects appear whole by themselves. Nothing is contacted yet. */
export function openBucket({ endpoint, bucket, region, accessKey, secretKey, signal }: Bucket): Place {
  const s3 = new S3mini({
    endpoint: `${endpoint.replace(/\/$/, '')}/${bucket}`,
    region,
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    fetch: (url, init) => answerOf(url, { ...init, ...(signal && { signal }) }),
  });
  return {
    put: (path, file) => putFile(s3, path, file),
    list: async (folder, wanted) => {
      const prefix = folder === '' ? '' : `${folder.replace(/\/$/, '')}/`;
      const files: StoredFile[] = [];
      for await (const page of pagesOf(s3, prefix)) {
        files.push(...page.filter(({ path }) => isDirectlyIn(prefix, path) && wanted(path)));
        if (files.length >= MAX_LISTED) break;
      }
      return files.slice(0, MAX_LISTED);
    },
    read: (path, maxBytes) => readObject(s3, path, maxBytes),
    write: async (path, text) => void (await s3.putObject(path, text)),
    move: (from, to, version) => moveObject(s3, { from, to, version }),
  };
}

function isDirectlyIn(prefix: string, path: string): boolean {
  return path.startsWith(prefix) && path !== prefix && !path.slice(prefix.length).includes('/');
}

/** With a delimiter: of folders inside, such as done/ with all that was ever read, only the names come. */
async function* pagesOf(s3: S3mini, prefix: string): AsyncGenerator<readonly StoredFile[]> {
  let next: string | undefined;
  for (let i = 0; i < MAX_PAGES; i++) {
    const page = await s3.listObjectsPaged('/', prefix, PAGE, next, { delimiter: '/' });
    if (!page) throw new Error('there is no such bucket');
    yield (page.objects ?? []).map(({ Key, Size, LastModified }) => ({
      path: Key,
      bytes: Number(Size),
      at: new Date(LastModified).getTime(),
    }));
    next = page.nextContinuationToken;
    if (next === undefined) return;
  }
}

async function readObject(s3: S3mini, path: string, maxBytes: number): Promise<Content> {
  const answer = await s3.getObjectResponse(path);
  if (!answer) return { is: 'later' };
  const version = versionOf(answer);
  const problem = lengthProblem(Number(answer.headers.get('content-length') ?? 0), maxBytes);
  const bytes = problem === undefined ? await bytesOf(answer, maxBytes) : undefined;
  if (bytes) return { is: 'read', bytes, version };
  await answer.body?.cancel();
  return { is: 'unreadable', problem: problem ?? lengthProblem(Infinity, maxBytes) ?? '', version };
}

function versionOf(answer: Response): string {
  return answer.headers.get('etag') ?? '';
}

type Move = Readonly<{ from: string; to: string; version: string | undefined }>;

/** By way of us: services differ in how they want the name of an object that they should copy. */
async function moveObject(s3: S3mini, { from, to, version }: Move): Promise<boolean> {
  const answer = await s3.getObjectResponse(from);
  if (!answer) return false;
  const found = versionOf(answer);
  const size = Number(answer.headers.get('content-length') ?? Infinity);
  const bytes = size <= PART_BYTES ? await bytesOf(answer, PART_BYTES) : undefined;
  if (!bytes) await answer.body?.cancel();
  if (version !== undefined && found !== version) return false;
  if (bytes) await s3.putObject(to, bytes);
  else await putParts(s3, to, partsOf(s3, from, found));
  if ((await s3.getEtag(from)) !== s3.sanitizeETag(found)) return false;
  return s3.deleteObject(from);
}

/** Of an object that would not fit into memory. Rejects when it is another than that of `version`. */
async function* partsOf(s3: S3mini, path: string, version: string): AsyncGenerator<Buffer> {
  for (let at = 0; ; at += PART_BYTES) {
    const answer = await s3.getObjectRaw(path, false, at, at + PART_BYTES);
    const bytes = answer.status === 206 ? await bytesOf(answer, PART_BYTES) : undefined;
    if (!bytes) await answer.body?.cancel();
    if (!bytes || versionOf(answer) !== version) throw new Error(`${path} cannot be read in parts`);
    yield bytes;
    const [, size] = /\/(\d+)$/.exec(answer.headers.get('content-range') ?? '') ?? [];
    if (size === undefined || at + bytes.length >= Number(size)) return;
  }
}

async function putFile(s3: S3mini, path: string, file: string): Promise<void> {
  const { size } = await stat(file);
  if (size <= PART_BYTES) return void (await s3.putObject(path, await readFile(file)));
  await putParts(s3, path, partsOfFile(file, size));
}

async function* partsOfFile(file: string, size: number): AsyncGenerator<Buffer> {
  await using source = await open(file);
  for (let at = 0; at < size; at += PART_BYTES) {
    const part = Buffer.alloc(Math.min(PART_BYTES, size - at));
    await source.read(part, 0, part.length, at);
    yield part;
  }
}

async function putParts(s3: S3mini, path: string, contents: AsyncIterable<Buffer>): Promise<void> {
  const upload = await s3.getMultipartUploadId(path);
  try {
    const parts = [];
    for await (const part of contents) parts.push(await s3.uploadPart(path, upload, part, parts.length + 1));
    // S3 answers this one with 200 before it knows, and may say in it that it failed.
    const { etag } = await s3.completeMultipartUpload(path, upload, parts);
    if (!etag) throw new Error(`S3 did not put the parts of ${path} together`);
  } catch (error) {
    await s3.abortMultipartUpload(path, upload).catch(() => undefined);
    throw error;
  }
}
