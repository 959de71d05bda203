// Values that are ours to give: the recipient's address and name, the page to unsubscribe, the date. Pure.
import type { EpochMs } from '../../lib/clock.ts';
import { oneLine } from '../../mail/fold.ts';
import type { Delivery } from '../../model/delivery.ts';
import { phpDate } from '../merge/php-date.ts';
import { UNSUBSCRIBE_LINK } from '../merge/system.ts';

const MAX_NAME = 200;

export type SystemValues = Readonly<{
  of(name: string): string | undefined;
  /** Those that have a plain name. */
  all(): Readonly<Record<string, string>>;
}>;

export type SystemDeps = Readonly<{
  /** The display name in To or Cc, where the recipient has one there. */
  shown: string | undefined;
  links: Readonly<{ unsubscribe(): string }> | undefined;
  /** When the message was accepted: each attempt says the same. */
  at: EpochMs;
}>;

/** The values for one recipient. */
export function systemValues({ recipient }: Delivery, { shown, links, at }: SystemDeps): SystemValues {
  const name = oneLine(recipient.name ?? shown ?? '', MAX_NAME);
  const space = name.lastIndexOf(' ');
  const known: ReadonlyMap<string, () => string | undefined> = new Map([
    ['email', () => recipient.address],
    ['name', () => given(name)],
    ['first_name', () => given(space < 0 ? name : name.slice(0, space))],
    ['last_name', () => given(space < 0 ? '' : name.slice(space + 1))],
    ['unsubscribe_url', () => links?.unsubscribe()],
    ['preferences_url', () => links?.unsubscribe()],
  ]);
  const special = (wanted: string): string | undefined => {
    if (wanted === UNSUBSCRIBE_LINK) return links?.unsubscribe();
    if (wanted === 'mc:current_year') return phpDate('Y', at);
    return wanted.startsWith('date:') ? phpDate(wanted.slice('date:'.length), at) : undefined;
  };
  return {
    of: (wanted) => (known.get(wanted) ?? (() => special(wanted)))(),
    all: () => {
      const entries = [...known].flatMap(([key, value]) => {
        const text = value();
        return text === undefined ? [] : [[key, text] as const];
      });
      return Object.fromEntries(entries);
    },
  };
}

const given = (text: string): string | undefined => (text === '' ? undefined : text);
