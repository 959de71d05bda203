// Whose suppression lists hold back a message: those of its account and of the whole installation. Pure.
import type { Settings } from './settings.ts';

/** The name under which the list of the whole installation is kept, in the place of an account's. */
export const EVERYWHERE = '*';

/** False when nobody is suppressed for this account, so that nothing need be asked. */
export function hasSuppressions({ suppressing }: Pick<Settings, 'suppressing'>, account: string): boolean {
  return suppressing.has(account) || suppressing.has(EVERYWHERE);
}

/** What stands in `suppressing` beside an account whose list has people who were forgotten, under names that only their address gives. */
export function forgottenMark(account: string): string {
  return `${account}\0forgotten`;
}
