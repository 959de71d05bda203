// Which transport of a pool a delivery leaves by: rendezvous hashing, so that retries keep their IP. Pure.
import { createHash } from 'node:crypto';
import type { Transport } from '../../model/settings.ts';

/**
 * Picks among `candidates` (the healthy transports of a pool) by user and recipient domain; undefined when there are
 * none. A transport that comes or goes changes the choice only for those that it wins or held (greylisting knows us by
 * our address).
 */
export function chooseTransport(
  candidates: readonly Transport[],
  user: string,
  domain: string,
): Transport | undefined {
  if (candidates.length <= 1) return candidates[0];
  let best: Transport | undefined;
  let bestWeight = '';
  for (const candidate of candidates) {
    const weight = createHash('sha1').update(`${candidate.name}\0${user}\0${domain}`).digest('hex');
    if (best && weight <= bestWeight) continue;
    best = candidate;
    bestWeight = weight;
  }
  return best;
}
