// What an event adds to the counts, and under which values it is counted. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { countedUrl } from '../model/counted-url.ts';
import type { Event } from '../model/event.ts';
import type { Category } from '../model/taxonomy.ts';
import { categoryOf, type StoredRow } from './row.ts';
import type { Counter } from './statistics.ts';

/** Values of a kind that an event may have several of, or that only some events have; "" is of all. */
export const kinds = ['', 'device', 'country', 'class', 'link', 'tag'] as const;
export type Kind = (typeof kinds)[number];

export type Added = Readonly<Partial<Record<Counter, number>>>;

/** Counts to add at a moment, in all and under each of these values. */
export type Tally = Readonly<{
  at: EpochMs;
  provider: string;
  transport: string;
  added: Added;
  /** Milliseconds from accepted to delivered. */
  ms?: number;
  /** Set where it only moves what is counted already from one route to another. */
  moves?: true;
  under: readonly Readonly<{ kind: Kind; key: string; added: Added }>[];
}>;

/** What is known besides the row: who has followed this link of this delivery before. */
export type Before = Readonly<{ row: StoredRow | undefined; followed: 'never' | 'by machine' | 'by person' }>;

const MAX_KEY = 300;
const ENDS: ReadonlySet<string> = new Set(['delivered', 'expired', 'dropped', 'cancelled']);
/** What a bounce says of the address, or of us, or of neither. */
const WEIGHT: Readonly<Record<Category, 'hard' | 'soft' | 'block'>> = {
  hard: 'hard',
  block: 'block',
  spam: 'block',
  policy: 'block',
  soft: 'soft',
  quota: 'soft',
  dns: 'soft',
  network: 'soft',
  greylist: 'soft',
  'auto-reply': 'soft',
  unknown: 'soft',
};
/** Put off by an operator, and not by the world. */
const OPERATOR: ReadonlySet<string | undefined> = new Set(['rescheduled', 'quarantined']);

/** What the event adds; `after` is the row with the event. */
export function tallies(event: Event, before: Before, after: StoredRow): readonly Tally[] {
  const added = addedBy(event, before.row);
  const own: Tally = {
    at: event.at,
    ...routeOf(event, after),
    added,
    ...(event.type === 'delivered' ? { ms: Math.max(0, event.age ?? event.at - after.at) } : {}),
    under: [...under(event, added, before), ...ofTags(after, added)],
  };
  return [...(isNothing(added) ? [] : [own]), ...moved(before.row, after)];
}

/**
 * "accepted" is counted before anybody knows which way the delivery goes, and moves along with it: so the counts of a
 * provider or transport begin with what was accepted for it.
 */
function moved(before: StoredRow | undefined, after: StoredRow): readonly Tally[] {
  if (!before?.accepted || !after.accepted) return lateAccepted(before, after);
  const [from, to] = [routeOf(undefined, before), routeOf(undefined, after)];
  if (from.provider === to.provider && from.transport === to.transport) return [];
  return [
    { ...acceptedBy(after, from, -1), moves: true },
    { ...acceptedBy(after, to, 1), moves: true },
  ];
}

/** Told after the attempt: it is counted with the route that is known by then. */
function lateAccepted(before: StoredRow | undefined, after: StoredRow): readonly Tally[] {
  const isNow = after.accepted && before?.accepted !== true;
  return isNow ? [acceptedBy(after, routeOf(undefined, after), 1)] : [];
}

function acceptedBy(row: StoredRow, route: Pick<Tally, 'provider' | 'transport'>, count: 1 | -1): Tally {
  const added = { accepted: count };
  return { at: row.at, ...route, added, under: ofTags(row, added) };
}

function addedBy(event: Event, row: StoredRow | undefined): Added {
  const { type } = event;
  if (type === 'opened' || type === 'clicked') return addedByHit(type, event.machine === undefined, row);
  if (type === 'unsubscribed') return once(type, event.how !== 'resubscribe' && !row?.leftBefore);
  if (type === 'complained') return once(type, !row?.complained);
  if (type === 'bounced') return { bounced: 1, [WEIGHT[categoryOf(event) ?? 'unknown']]: 1 };
  if (type === 'deferred') return once(type, !OPERATOR.has(event.class));
  return ENDS.has(type) ? { [type]: 1 } : {};
}

function addedByHit(type: 'opened' | 'clicked', human: boolean, row: StoredRow | undefined): Added {
  const [all, people] = type === 'opened' ? [row?.opens, row?.humanOpens] : [row?.clicks, row?.humanClicks];
  return {
    [type]: 1,
    ...once(`${type}Unique`, !all),
    ...once(`${type}Human`, human && !people),
  };
}

function once(counter: Counter, isNew: boolean): Added {
  return isNew ? { [counter]: 1 } : {};
}

/** Who came on what from where, why it failed; of a link, whether it is the delivery's first click on that one. */
function under(event: Event, added: Added, { followed }: Before): Tally['under'] {
  const { type, device, country, class: cause, link, url } = event;
  const found: { kind: Kind; key: string; added: Added }[] = [];
  if (type === 'opened' || type === 'clicked') {
    found.push({ kind: 'device', key: device ?? '', added }, { kind: 'country', key: country ?? '', added });
    if (type === 'clicked')
      found.push({
        kind: 'link',
        key: linkKey(link, url),
        added: {
          clicked: 1,
          ...once('clickedUnique', followed === 'never'),
          ...once('clickedHuman', event.machine === undefined && followed !== 'by person'),
        },
      });
  } else if (cause !== undefined && !isNothing(added)) {
    found.push({ kind: 'class', key: cause.slice(0, MAX_KEY), added });
  }
  return found;
}

/** Number and address of a link. */
function linkKey(link = 0, url = ''): string {
  return `${link} ${countedUrl(url)}`.slice(0, MAX_KEY);
}

function ofTags(row: StoredRow, added: Added): Tally['under'] {
  return (row.tags ?? []).map((tag) => ({ kind: 'tag', key: tag.slice(0, MAX_KEY), added }));
}

/** Of an event that tells its own route, that one; of others, such as an open, the delivery's. */
function routeOf(
  event: Event | undefined,
  { provider, transport }: StoredRow,
): Pick<Tally, 'provider' | 'transport'> {
  return {
    provider: event?.provider ?? provider ?? '',
    transport: event?.transport ?? transport ?? '',
  };
}

function isNothing(added: Added): boolean {
  return Object.keys(added).length === 0;
}
