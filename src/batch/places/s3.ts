// An S3 bucket as a place for batch files; the only file that imports s3mini.
import { open, readFile, stat } from 'node:fs/promises';
import { S3mini } from 's3mini';
import { checkLength, MAX_LISTED, type Place } from '../place.ts';

export type Bucket = Readonly<{
  endpoint: string;
  bucket: string;
  region: string;
  accessKey: string;
  secretKey: string;
}>;

/** Larger files go up in parts of this size: S3 takes at most 5 GiB at once, and we hold one part in memory. */
const PART_BYTES = 16 * 1024 * 1024;

/** Objects appear whole by themselves. Nothing is contacted yet. */
export function openBucket({ endpoint, bucket, region, accessKey, secretKey }: Bucket): Place {
  const s3 = new S3mini({
    endpoint: `${endpoint.replace(/\/$/, '')}/${bucket}`,
    region,
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
  });
  return {
    put: (path, file) => putFile(s3, path, file),
    list: async (folder) => {
      const prefix = folder === '' ? '' : `${folder.replace(/\/$/, '')}/`;
      const objects = (await s3.listObjects('/', prefix, MAX_LISTED)) ?? [];
      return objects
        .map(({ Key, Size, LastModified }) => ({
          path: Key,
          bytes: Number(Size),
          at: new Date(LastModified).getTime(),
        }))
        .filter(({ path }) => !path.slice(prefix.length).includes('/') && path !== prefix);
    },
    read: async (path, maxBytes) => {
      checkLength(await s3.getContentLength(path), maxBytes);
      const text = await s3.getObject(path);
      if (text === null) throw new Error('it is gone');
      return text;
    },
    write: async (path, text) => void (await s3.putObject(path, text)),
    move: async (from, to) => {
      // By way of us: services differ in how they want the name of an object that they should copy.
      const bytes = await s3.getObjectArrayBuffer(from);
      if (bytes === null) throw new Error(`${from} is gone`);
      await s3.putObject(to, Buffer.from(bytes));
      await s3.deleteObject(from);
    },
  };
}

async function putFile(s3: S3mini, path: string, file: string): Promise<void> {
  const { size } = await stat(file);
  if (size <= PART_BYTES) return void (await s3.putObject(path, await readFile(file)));
  const upload = await s3.getMultipartUploadId(path);
  try {
    const parts = [];
    await using source = await open(file);
    for (let at = 0; at < size; at += PART_BYTES) {
      const part = Buffer.alloc(Math.min(PART_BYTES, size - at));
      await source.read(part, 0, part.length, at);
      parts.push(await s3.uploadPart(path, upload, part, parts.length + 1));
    }
    await s3.completeMultipartUpload(path, upload, parts);
  } catch (error) {
    await s3.abortMultipartUpload(path, upload).catch(() => undefined);
    throw error;
  }
}
