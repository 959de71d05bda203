// Values that are ours to give: the recipient's address and name, the page to unsubscribe. Pure.
import { oneLine } from '../../mail/fold.ts';
import type { Delivery } from '../../model/delivery.ts';

const MAX_NAME = 200;

export type SystemValues = Readonly<{
  of(name: string): string | undefined;
  all(): Readonly<Record<string, string>>;
}>;

/** `shown` is the display name in To or Cc, where the recipient has one there. */
export function systemValues(
  { recipient }: Delivery,
  shown: string | undefined,
  links: Readonly<{ unsubscribe(): string }> | undefined,
): SystemValues {
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
  return {
    of: (wanted) => known.get(wanted)?.(),
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
