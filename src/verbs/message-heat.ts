// Where a mail is clicked: the clicks of one message, or of a campaign with one of its messages that is still kept.
import type { LinkClicks } from '../compose/html/heat.ts';
import type { Message } from '../history/search.ts';
import { countedUrl } from '../model/counted-url.ts';
import type { Owner } from '../model/owner.ts';
import type { HistoryVerbs } from './history.ts';

const MAX_LINKS = 1000;
/** So many of the newest messages of a campaign are looked for. */
const MAX_LOOKED = 100;

/** Clicks by link, of all deliveries that a story tells of, those of programs too. */
export function clicksIn({ deliveries }: Message): readonly LinkClicks[] {
  const counts = new Map<string, LinkClicks>();
  for (const { events } of deliveries)
    for (const { type, link = 0, url = '' } of events) {
      if (type !== 'clicked') continue;
      const key = `${link} ${countedUrl(url)}`;
      const clicks = (counts.get(key)?.clicks ?? 0) + 1;
      counts.set(key, { link, url, clicks });
    }
  return [...counts.values()];
}

export type OfCampaign = Readonly<{ campaign: string; since: number; until: number; owner: Owner }>;

/** The same of a campaign, from its statistics; undefined where there is no history. */
export async function clicksOfCampaign(
  { history }: HistoryVerbs,
  { campaign, since, until, owner }: OfCampaign,
): Promise<readonly LinkClicks[] | undefined> {
  const asked = { ...owner, campaign, since, until, by: 'link', limit: MAX_LINKS } as const;
  const found = await history?.statistics(asked).catch(() => undefined);
  return found?.rows.map(({ key = '', label = '', clicked }) => ({
    link: Number.parseInt(key, 10) || 0,
    url: label,
    clicks: clicked,
  }));
}

/** Ids of deliveries of a campaign, the newest first: one of them may still be kept. */
export async function newestOf(
  { history }: HistoryVerbs,
  { campaign, until, owner }: OfCampaign,
): Promise<readonly string[]> {
  const found = await history
    ?.search({ ...owner, campaign, until, limit: MAX_LOOKED })
    .catch(() => undefined);
  return found?.items.map(({ delivery }) => delivery) ?? [];
}
