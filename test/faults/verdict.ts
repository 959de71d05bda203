// What every scenario must show, whatever was done to it: the promises as complaints. Pure.
import type { Result } from './stage.ts';

/** Sentences; none when all promises were kept. */
export function complaintsOf(result: Result): string[] {
  const some = (list: readonly string[], what: string): string[] =>
    list.length > 0 ? [`${list.length} ${what}: ${list.slice(0, 5).join(', ')}`] : [];
  const { accepted, queued, duplicates, inFlight, dropped, hung, exitCodes } = result;
  const rejected = Object.keys(result.refused).filter((code) => code.startsWith('5'));
  return [
    ...(accepted === 0 ? ['nothing was accepted, so that nothing was tested'] : []),
    ...some(result.lost, 'lost'),
    ...(queued > 0 ? [`${queued} still queued when the time was up`] : []),
    ...(duplicates > inFlight + dropped
      ? [`${duplicates} duplicates, and only ${inFlight + dropped} in flight at the kills`]
      : []),
    ...some(result.unexplained, 'duplicates of what was not in flight'),
    ...some(result.differing, 'duplicates that differ'),
    ...some(result.touched, 'with another body than was sent'),
    ...some(result.early, 'sent before their time'),
    ...some(result.otherIds, 'answered with another id than the first message with their key'),
    ...some(result.faulty, 'letters not as they must be'),
    ...(rejected.length > 0 ? [`good messages were refused for good: ${rejected.join(' ')}`] : []),
    ...(result.redisDies ? [] : some(result.disowned, 'told 451 and delivered')),
    ...some(result.impossible, 'delivered and never sent'),
    ...some(result.acceptedTwice, 'repeated by the client and accepted as another message'),
    ...some(result.badEnds, 'without exactly one end'),
    ...some(result.phantoms, 'delivered by the events and not at the MX'),
    ...some(result.leftovers, 'keys left in Redis'),
    ...(hung > 0 ? [`${hung} tries hung without a reply`] : []),
    ...(exitCodes.some((code) => code !== 0) ? [`exit codes ${exitCodes.join(' ')}`] : []),
    ...result.complaints,
  ];
}
