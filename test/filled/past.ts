// A month of made-up events as the event log keeps them, written before a relay starts, so that its history has a past.
import { linesOf } from '../../src/events/line.ts';
import { makeWriter } from '../../src/events/writer.ts';
import { traffic } from '../support/history-events.ts';

const DAY_MS = 86_400_000;
const SEGMENT_BYTES = 32_000_000;

/** What the made-up traffic calls its users, campaigns and transports, and how the filled relay does. */
const names: readonly (readonly [made: RegExp, real: string])[] = [
  [/\buser1\b/g, 'shop'],
  [/\buser2\b/g, 'office'],
  [/\buser3\b/g, 'newsletter'],
  [/\buser4\b/g, 'erp'],
  [/\buser5\b/g, 'booking'],
  [/"campaign":"c0"/g, '"campaign":"autumn","campaignName":"Autumn catalogue"'],
  [/"campaign":"c1"/g, '"campaign":"black-friday","campaignName":"Black Friday – all prices"'],
  [/"campaign":"c2"/g, '"campaign":"invoices","campaignName":"Invoices"'],
  [/"campaign":"c3"/g, '"campaign":"welcome","campaignName":"Welcome series"'],
  [/"provider":"gmail"/g, '"provider":"google"'],
  [/"provider":"icloud"/g, '"provider":"apple"'],
  [/"provider":"libero"/g, '"provider":"iol"'],
  [/"transport":"ip1"/g, '"transport":"shop-ip"'],
  [/"transport":"ip2"/g, '"transport":"office-ip"'],
  [/"transport":"ip3"/g, '"transport":"out3"'],
  [/"transport":"ip4"/g, '"transport":"out4"'],
];

/** Writes what happened to so many deliveries of each campaign in the 30 days before `now`. */
export async function writePast(folder: string, now: number, deliveries: number): Promise<void> {
  const writer = makeWriter({ folder, segmentBytes: SEGMENT_BYTES });
  const all = [0, 1, 2, 3].flatMap((which) => {
    const options = { seed: 7 + which, from: now - (30 - 4 * which) * DAY_MS, to: now - DAY_MS / 24 };
    return [...traffic({ ...options, deliveries, conversations: true })]
      .flat()
      .map(({ event }) => JSON.stringify(event).replaceAll('"campaign":"c0"', `"campaign":"c${which}"`))
      .map((text) => names.reduce((said, [made, real]) => said.replace(made, real), text))
      .map((text) => ({ text, at: Number(/"at":(\d+)/.exec(text)?.[1]) }));
  });
  let [ms, seq] = [0, 0];
  for (const { text, at } of all.filter((one) => one.at < now - 60_000).toSorted((a, b) => a.at - b.at)) {
    [ms, seq] = at > ms ? [at, 0] : [ms, seq + 1];
    const { text: lines } = linesOf({ id: `${ms}-${seq}`, event: text, pairs: undefined });
    await writer.append(lines, { ms, seq, n: 0 });
  }
  await writer.sync();
  await writer.close();
}
