// Which transport of a pool a delivery leaves by: weighted rendezvous hashing, so that retries keep their IP. Pure.
import { createHash } from 'node:crypto';

/** What there is to choose from: a name, and its share beside the others. */
export type Weighted = Readonly<{ name: string; weight: number }>;

const BITS = 52;

/**
 * Picks among `candidates` by user and recipient domain, each as often as its weight says; undefined when there are none.
 * One that comes, goes or changes its weight changes the choice only for those that it wins or gives up (greylisting
 * knows us by our address).
 */
export function chooseTransport<T extends Weighted>(
  candidates: readonly T[],
  user: string,
  domain: string,
): T | undefined {
  if (candidates.length <= 1) return candidates[0];
  let best: T | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    const score = -candidate.weight / Math.log(chanceOf(`${candidate.name}\0${user}\0${domain}`));
    const first = best === undefined || score > bestScore;
    // Equal scores are as good as impossible; the names then decide, whatever the order.
    if (!first && !(score === bestScore && best !== undefined && candidate.name < best.name)) continue;
    best = candidate;
    bestScore = score;
  }
  return best;
}

/** A number between 0 and 1, neither of them, that depends on `text` alone. */
function chanceOf(text: string): number {
  const digest = createHash('sha1').update(text).digest();
  const high = digest.readUInt32BE(0);
  const low = digest.readUInt32BE(4) >>> (64 - BITS);
  return (high * 2 ** (BITS - 32) + low + 0.5) / 2 ** BITS;
}
