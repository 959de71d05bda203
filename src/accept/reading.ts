// Reads the data of one message into a body, and hangs up on a client that sends far more than that may hold.
import type { Body } from './body.ts';
import type { DataEnds } from './desk.ts';
import type { Reply } from './replies.ts';
import type { DataReader } from './wire.ts';

/** `tooBig` is said to a client that does not stop; `finish` gives the reply to the end of the data. */
export function readInto(body: Body, tooBig: Reply, on: DataEnds, finish: () => Promise<Reply>): DataReader {
  return {
    write: (chunk) => {
      const wait = body.write(chunk);
      if (body.endless) on.endless(tooBig);
      return wait;
    },
    end: async () => on.done(await finish()),
  };
}
