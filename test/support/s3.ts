// An S3 service of one's own for a test, on a free port of loopback; s3rver has no types.
import { createRequire } from 'node:module';
import { z } from 'zod';

export type TestS3 = Readonly<{
  endpoint: string;
  accessKey: string;
  secretKey: string;
  close(): Promise<void>;
}>;

const addressSchema = z.object({ port: z.number() });

/** Keeps one bucket in `directory`. */
export async function startS3(directory: string, bucket: string): Promise<TestS3> {
  const S3rver = createRequire(import.meta.url)('s3rver');
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: bucket }],
  });
  const { port } = addressSchema.parse(await server.run());
  return {
    endpoint: `http://127.0.0.1:${port}`,
    accessKey: 'S3RVER', // the only pair that it knows
    secretKey: 'S3RVER',
    close: () => server.close(),
  };
}
