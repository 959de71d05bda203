// Mail to ourselves: which addresses are ours, and who deals with what comes to each.
import type { Kind, Mail, Receipt } from './kind.ts';

/** A message as it came in. */
export type Arrival = Readonly<{
  from: string | undefined;
  /** Addresses that `takes` took. */
  to: readonly string[];
  message: Buffer;
}>;

export type Feedback = Readonly<{
  /** True for an address of ours; its domain in lower-case A-labels. */
  takes(address: string): boolean;
  receive(arrival: Arrival): Promise<Receipt>;
}>;

/** Makes the feedback of the given kinds; an address belongs to the first that takes it. */
export function makeFeedback(kinds: readonly Kind[]): Feedback {
  const kindOf = (to: Mail['to']): Kind | undefined => kinds.find((kind) => kind.takes(to));
  return {
    takes: (address) => kindOf(splitAddress(address)) !== undefined,
    receive: async ({ from, to, message }) => {
      const receipts: Receipt[] = [];
      for (const address of to) {
        const split = splitAddress(address);
        receipts.push((await kindOf(split)?.receive({ from, to: split, message })) ?? 'taken');
      }
      return oneOf(receipts);
    },
  };
}

/**
 * One reply is for all recipients. What may be tried again decides: the same again does no harm to the others. Then that
 * something was done.
 */
function oneOf(receipts: readonly Receipt[]): Receipt {
  if (receipts.includes('later')) return 'later';
  return receipts.includes('taken') ? 'taken' : (receipts[0] ?? 'taken');
}

function splitAddress(address: string): Mail['to'] {
  const at = address.lastIndexOf('@');
  return { local: address.slice(0, at).toLowerCase(), domain: address.slice(at + 1) };
}
