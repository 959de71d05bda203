// How many connections may be open at once, in all and from one address.
import { replies, type Reply } from './replies.ts';

export type Turnstile = Readonly<{
  /** Lets a connection in, or says why not. Who was let in must leave. */
  enter(address: string): Reply | undefined;
  leave(address: string): void;
  inside(): number;
}>;

/** Makes a turnstile for all listeners of a process together. */
export function makeTurnstile(max: number, maxPerAddress: number): Turnstile {
  const byAddress = new Map<string, number>();
  let inside = 0;
  return {
    enter: (address) => {
      const here = byAddress.get(address) ?? 0;
      if (inside >= max) return replies.tooManyConnections;
      if (here >= maxPerAddress) return replies.tooManyFromYou;
      byAddress.set(address, here + 1);
      inside++;
      return undefined;
    },
    leave: (address) => {
      const here = (byAddress.get(address) ?? 1) - 1;
      inside--;
      if (here > 0) byAddress.set(address, here);
      else byAddress.delete(address);
    },
    inside: () => inside,
  };
}
