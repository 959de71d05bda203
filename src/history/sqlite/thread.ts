// The inside of the history's threads: one writes, another one reads; each does what it is asked in turn.
import { workerData, type MessagePort } from 'node:worker_threads';
import { nextTurn, type EpochMs } from '../../lib/clock.ts';
import { readBatch } from '../batch.ts';
import type { Pruned } from '../history.ts';
import { makeVeil } from '../veil.ts';
import type { Answered } from '../wire.ts';
import { isAsked, isStart, type Asked, type Call, type Start } from './calls.ts';
import { troubleOf } from './database.ts';
import { openReader, type Reader } from './reader.ts';
import { openWriter, type Writer } from './writer.ts';
import { reasonOf } from '../../lib/reason.ts';

type Sides = Readonly<{ writer(): Writer; reader(): Reader; close(): void }>;

/** Each side is opened when it is needed, and again after it failed. */
function makeSides({ folder, keep, veil: options }: Start): Sides {
  const veil = makeVeil(options);
  let writer: Writer | undefined;
  let reader: Reader | undefined;
  return {
    writer: () => (writer ??= openWriter({ folder, keep, veil })),
    reader: () => (reader ??= openReader({ folder, veil })),
    close: () => {
      const open = [writer, reader];
      [writer, reader] = [undefined, undefined];
      for (const side of open) side?.close();
    },
  };
}

async function answer(asked: Call, sides: Sides): Promise<unknown> {
  switch (asked.call) {
    case 'take':
      return sides.writer().take(readBatch(asked.args[0]));
    case 'cursor':
      return sides.writer().cursor();
    case 'forget':
      return sides.writer().forget(...asked.args);
    case 'prune':
      return prune(sides, ...asked.args);
    case 'lock':
      return sides.writer().lock(...asked.args);
    case 'unlock':
      return sides.writer().unlock();
    case 'search':
      return sides.reader().search(...asked.args);
    case 'timeline':
      return sides.reader().timeline(...asked.args);
    case 'statistics':
      return sides.reader().statistics(...asked.args);
    case 'reached':
      return sides.reader().reached();
    case 'state':
      return sides.reader().state();
    case 'close':
      return sides.close();
  }
}

async function prune(sides: Sides, now: EpochMs): Promise<Pruned> {
  const work = sides.writer().prune(now);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    await nextTurn(); // batches come in between
  }
}

const SENTENCES = {
  locked: 'Another program holds the history locked.',
  full: 'The disk has no room for the history.',
  broken: 'A file of the history is damaged.',
  other: 'The history cannot be used just now.',
} as const;

async function serve(asked: Asked, sides: Sides): Promise<Answered> {
  const { number } = asked;
  try {
    return { number, value: await answer(asked, sides) };
  } catch (error) {
    const trouble = troubleOf(error);
    // What was opened may be gone, or damaged: the next one opens it anew.
    if (trouble !== 'locked') sides.close();
    const why = reasonOf(error);
    return { number, problem: `${SENTENCES[trouble]} (${why})` };
  }
}

function listen(port: MessagePort, sides: Sides): void {
  port.on('message', (asked: unknown) => {
    if (isAsked(asked)) void serve(asked, sides).then((answered) => port.postMessage(answered));
  });
}

if (isStart(workerData)) listen(workerData.port, makeSides(workerData));
