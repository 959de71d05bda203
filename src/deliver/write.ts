// The message goes over the wire: stuffed block by block, in as few writes as can be, the dot only when we still may.
import { open, type FileHandle } from 'node:fs/promises';
import type { Letter, Part } from '../model/letter.ts';
import type { Timeouts } from './config.ts';
import type { Peer } from './peer.ts';
import { atStart, ending, stuff, type Place } from './stuff.ts';
import type { Trouble } from './trouble.ts';

/** `bytes` as written, with stuffed dots and the end. broken: the peer knows why; failed: we do, and the peer is closed. */
export type Written = Readonly<
  { kind: 'written'; bytes: number } | { kind: 'broken' } | { kind: 'failed'; trouble: Trouble }
>;

type WriteDeps = Readonly<{ timeouts: Timeouts; mayProceed(): boolean }>;

const BLOCK_BYTES = 256 * 1024;

/** Writes a letter and its end of data. Unless the result is "written", the dot was not sent. */
export async function writeMessage(peer: Peer, letter: Letter, deps: WriteDeps): Promise<Written> {
  const body = await readAndWrite(peer, letter, deps);
  if (!body) return { kind: 'broken' };
  if ('kind' in body) return body;
  const early = await spokeEarly(peer, deps);
  if (early) return early;
  if (!deps.mayProceed())
    return giveUp(
      peer,
      'withdrawn',
      'The transport moved to another process before the message was complete.',
    );
  body.pending.push(ending(body.place));
  return { kind: 'written', bytes: body.bytes + write(peer, body.pending) };
}

type Progress = Readonly<{ place: Place; bytes: number; pending: Buffer[] }>;

/** Writes all but the last block, which is kept back so that a small message and its dot leave in one write. */
async function readAndWrite(
  peer: Peer,
  letter: Letter,
  deps: WriteDeps,
): Promise<Progress | Written | undefined> {
  let place: Place = atStart;
  let bytes = 0;
  let held = 0;
  let pending: Buffer[] = [];
  try {
    for await (const block of blocksOf(letter.parts)) {
      const full = held + block.length > BLOCK_BYTES && pending.length > 0;
      if (full) bytes += write(peer, pending);
      if (full && !(await peer.drained(deps.timeouts.block))) return undefined;
      if (full) pending = [];
      held = full ? block.length : held + block.length;
      place = stuff(block, place, pending);
    }
  } catch (error) {
    return giveUp(peer, 'local', `The stored message could not be read: ${String(error)}`);
  }
  return { place, bytes, pending };
}

function write(peer: Peer, pieces: Buffer[]): number {
  const bytes = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  peer.write(bytes);
  return bytes.length;
}

/** A reply before the end of data: a refusal counts as one; anything else is no SMTP. The dot is not sent. */
async function spokeEarly(peer: Peer, deps: WriteDeps): Promise<Written | undefined> {
  if (peer.broken) return { kind: 'broken' };
  if (peer.quiet) return undefined;
  const reply = await peer.read(deps.timeouts.data);
  if (!reply) return { kind: 'broken' };
  const detail = `${peer.facts.host} said ${reply.code} before the message was complete`;
  peer.break('protocol', detail);
  const kind = reply.code >= 400 ? 'refused' : 'protocol';
  return { kind: 'failed', trouble: { kind, phase: 'data', detail, reply } };
}

function giveUp(peer: Peer, kind: 'local' | 'withdrawn', detail: string): Written {
  peer.break(kind, detail);
  return { kind: 'failed', trouble: { kind, phase: 'data', detail } };
}

/** Large buffers are cut and files read in blocks of 256 KiB. */
async function* blocksOf(parts: readonly Part[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if (!Buffer.isBuffer(part)) yield* blocksOfFile(part);
    else if (part.length <= BLOCK_BYTES) yield part;
    else for (let at = 0; at < part.length; at += BLOCK_BYTES) yield part.subarray(at, at + BLOCK_BYTES);
  }
}

async function* blocksOfFile(part: Exclude<Part, Buffer>): AsyncGenerator<Buffer> {
  await using handle: FileHandle = await open(part.file, 'r');
  let at = part.start;
  for (let left = part.size; left > 0;) {
    const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, left));
    const { bytesRead } = await handle.read(block, 0, block.length, at);
    if (bytesRead === 0) throw new Error(`${part.file} is ${left} bytes shorter than it should be`);
    yield block.subarray(0, bytesRead);
    at += bytesRead;
    left -= bytesRead;
  }
}
