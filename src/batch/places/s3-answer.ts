// Requests to an S3 service whose answers are bounded: in time, in bytes, and in how their XML is built.

/** Of one request with its body: a part of 16 MB has time on a slow line. */
const MAX_MS = 5 * 60_000;
/** A thousand names of a listing are 1.5 MB at most. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 20;

/**
 * As `fetch`, for one service: nobody is sent elsewhere, since a PUT that was would come as a GET and count as done. What is no
 * object but text for us is read here. Rejects with a sentence's end.
 */
export async function answerOf(
  url: string | URL | Request,
  { signal, ...init }: RequestInit = {},
): Promise<Response> {
  const signals = [AbortSignal.timeout(MAX_MS), ...(signal ? [signal] : [])];
  const answer = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.any(signals) });
  if (answer.status >= 300 && answer.status < 400 && answer.status !== 304) {
    await answer.body?.cancel();
    const to = (answer.headers.get('location') ?? 'nowhere').slice(0, 200);
    throw new Error(
      `the S3 service sends us on (${answer.status}, to ${to}); name the endpoint of the bucket's region`,
    );
  }
  const address = url instanceof Request ? url.url : url.toString();
  const isObject = answer.ok && (init.method ?? 'GET') === 'GET' && !address.includes('list-type=');
  return isObject || init.method === 'HEAD' ? answer : await textAnswer(answer);
}

/** The body as far as `maxBytes`; undefined for a longer one, which is not read to its end. */
export async function bytesOf(answer: Response, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function textAnswer(answer: Response): Promise<Response> {
  const { status, statusText, headers } = answer;
  const bytes = await bytesOf(answer, MAX_TEXT_BYTES);
  if (!bytes) throw new Error(`the S3 service answers with more than ${MAX_TEXT_BYTES} bytes`);
  // Pages of proxies come with other states, and are not read as XML.
  const isXml = answer.ok || (headers.get('content-type') ?? '').includes('xml');
  if (isXml && !isNested(bytes.toString('utf8')))
    throw new Error('the S3 service answers with XML that is none');
  // These have no body, not even an empty one.
  const body = status === 204 || status === 205 || status === 304 ? null : new Uint8Array(bytes);
  return new Response(body, { status, statusText, headers });
}

/** Each element is closed, and none lies deep: s3mini takes the square of the time for others. */
function isNested(text: string): boolean {
  const open: string[] = [];
  for (const [, end, name = '', rest = ''] of text.matchAll(/<(\/?)([A-Za-z_][\w.-]*)(?![\w.-])([^<>]*)>/g)) {
    if (end === '/' && open.pop() !== name) return false;
    if (end !== '/' && !rest.endsWith('/')) open.push(name);
    if (open.length > MAX_DEPTH) return false;
  }
  return open.length === 0;
}
