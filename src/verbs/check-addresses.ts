// What "postino check" says of transports that the world sees under one address: their warm-ups and pools are not apart. Pure.
import { isLoopbackName } from '../http/tracking-config.ts';
import type { Transport } from '../model/settings.ts';
import { seenAs } from '../store/warmup-since.ts';
import type { CheckedPart } from './check.ts';

/** One finding for each address that several transports send from. */
export function sharedAddressFindings(transports: readonly Transport[]): readonly CheckedPart[] {
  const seen = transports.filter(
    (one) => one.kind === 'smtp' && one.via === undefined && !isLoopbackName(seenAs(one)),
  );
  return [...Map.groupBy(seen, seenAs)].flatMap(([address, group]) => {
    if (group.length < 2) return [];
    const names = group.map(({ name }) => name).join(', ');
    const pools = new Set(group.map(({ pool }) => pool));
    const apart = pools.size > 1 ? `, and pools ${[...pools].join(' and ')} are not apart` : '';
    const sentence = `${names} are seen as ${address}: each counts its warm-up for itself, so that together they send more than it allows${apart}. Keep one of them.`;
    return [{ name: `address ${address}`, state: 'warning', sentence }];
  });
}
