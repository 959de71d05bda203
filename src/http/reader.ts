// Reads a message for people, in a worker with limits of time and memory; the only file that imports mailparser.
import { isUtf8 } from 'node:buffer';
import { fileURLToPath } from 'node:url';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { ParsedMail } from 'mailparser';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { makeSeats } from '../lib/seats.ts';

const attachmentSchema = z.object({ name: z.string(), type: z.string(), size: z.number() });
const viewSchema = z.object({
  /** Header fields as they stand, top to bottom: name, and value with folding undone. */
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  subject: z.string(),
  from: z.string(),
  to: z.string(),
  cc: z.string(),
  date: z.number().optional(),
  text: z.string().optional(),
  /** With "data:" in the place of "cid:" pictures. Never to be shown outside a sandboxed frame. */
  html: z.string().optional(),
  /** True when something was left out because it is too long. */
  cut: z.boolean(),
  attachments: z.array(attachmentSchema),
});

export type MessageView = Readonly<z.infer<typeof viewSchema>>;
export type AttachedFile = Readonly<{ name: string; type: string; content: Buffer }>;
export type Read<T> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; problem: string }>;

/** Reads messages; what cannot be read is a sentence, and never harms this process. */
export type Reader = Readonly<{
  view(raw: Buffer): Promise<Read<MessageView>>;
  /** The attachment at `index`, counted from 0. */
  attachment(raw: Buffer, index: number): Promise<Read<AttachedFile>>;
}>;

const TIME_MS = 5000;
const MAX_HEAP_MB = 256;
const MAX_AT_ONCE = 2;
const MAX_WAITING = 20;
const MAX_TEXT = 1024 * 1024;
const MAX_HTML = 8 * 1024 * 1024;
const MAX_VALUE = 10_000;
const MARK = 'postino: read a message';

const jobSchema = z.object({
  mark: z.literal(MARK),
  raw: z.instanceof(Uint8Array),
  want: z.union([z.literal('view'), z.number()]),
});
const fileSchema = z.object({ name: z.string(), type: z.string(), content: z.instanceof(Uint8Array) });

const TOO_SLOW = `This message took longer than ${TIME_MS / 1000} s to read; look at its source instead.`;
const TOO_BUSY = 'Too many messages are being read just now; try again in a moment.';
const BROKEN = 'This message cannot be read as a mail; look at its source instead.';

export function makeReader(clock: Clock): Reader {
  const seats = makeSeats(MAX_AT_ONCE, MAX_WAITING);
  const ask = async <T>(raw: Buffer, want: 'view' | number, schema: z.ZodType<T>): Promise<Read<T>> => {
    const leave = await seats.take();
    if (!leave) return { ok: false, problem: TOO_BUSY };
    try {
      const answer = await runWorker(raw, want, clock);
      if (typeof answer === 'string') return { ok: false, problem: answer };
      const read = schema.safeParse(answer);
      return read.success ? { ok: true, value: read.data } : { ok: false, problem: BROKEN };
    } finally {
      leave();
    }
  };
  return {
    view: (raw) => ask(raw, 'view', viewSchema),
    attachment: async (raw, index) => {
      const file = await ask(raw, index, fileSchema);
      if (!file.ok) return file;
      return { ok: true, value: { ...file.value, content: Buffer.from(file.value.content) } };
    },
  };
}

/** A worker for this message alone: whatever the message does to it ends with it. */
function runWorker(raw: Buffer, want: 'view' | number, clock: Clock): Promise<unknown> {
  return new Promise((resolve) => {
    const worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: { mark: MARK, raw, want },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
    });
    const end = (answer: unknown): void => {
      cancel();
      resolve(answer);
      void worker.terminate();
    };
    const cancel = clock.after(TIME_MS, () => end(TOO_SLOW));
    worker.once('message', end);
    worker.once('error', () => end(BROKEN));
    worker.once('exit', () => end(BROKEN));
  });
}

/** Inside the worker. */
async function work({ raw, want }: z.infer<typeof jobSchema>): Promise<MessageView | AttachedFile> {
  const { simpleParser } = await import('mailparser');
  const mail = await simpleParser(Buffer.from(raw), {
    checksumAlgo: false,
    skipHtmlToText: true,
    skipTextToHtml: true,
    keepDeliveryStatus: true,
    ignoreEmbedded: true,
    keepCidLinks: want !== 'view',
    maxInlinedImagesSize: MAX_HTML / 2,
  });
  const attached = mail.attachments.map((one, i) => ({
    name: one.filename ?? `part-${i + 1}`,
    type: one.contentType,
    size: one.size,
  }));
  if (want !== 'view') {
    const { name, type } = attached[want] ?? { name: '', type: '' };
    return { name, type, content: mail.attachments[want]?.content ?? Buffer.alloc(0) };
  }
  return viewOf(mail, attached);
}

function viewOf(mail: ParsedMail, attachments: MessageView['attachments']): MessageView {
  const html = typeof mail.html === 'string' ? mail.html : undefined;
  return {
    headers: mail.headerLines.map(({ line }) => splitLine(line)),
    subject: mail.subject ?? '',
    from: sayAddresses(mail.from),
    to: sayAddresses(mail.to),
    cc: sayAddresses(mail.cc),
    date: mail.date?.getTime(),
    text: mail.text?.slice(0, MAX_TEXT),
    html: html?.slice(0, MAX_HTML),
    cut: (mail.text?.length ?? 0) > MAX_TEXT || (html?.length ?? 0) > MAX_HTML,
    attachments,
  };
}

type Addresses = Readonly<{ text: string }>;

function sayAddresses(addresses: Addresses | readonly Addresses[] | undefined): string {
  if (addresses === undefined) return '';
  return (Array.isArray(addresses) ? addresses : [addresses]).map(({ text }) => text).join(', ');
}

/** mailparser gives the bytes of a line as latin1; they are UTF-8 (RFC 6532) or, from old programs, really latin1. */
function splitLine(bytes: string): Readonly<{ name: string; value: string }> {
  const raw = Buffer.from(bytes, 'latin1');
  const line = isUtf8(raw) ? raw.toString('utf8') : bytes;
  const colon = line.indexOf(':');
  const value = line.slice(colon + 1, colon + 1 + MAX_VALUE);
  return { name: line.slice(0, Math.max(0, colon)), value: value.replace(/\r?\n(?=[ \t])/g, '').trim() };
}

const job = jobSchema.safeParse(workerData);
if (job.success && parentPort) parentPort.postMessage(await work(job.data));
