// What /readyz says of the public listeners: links and the unsubscribe page, and mail to ourselves. Pure.
import type { Check } from '../http/health.ts';
import { MAX_WAITING } from '../tracking/recorder.ts';
import type { FeedbackState } from './feedback.ts';
import type { TrackingState } from './tracking.ts';

/** One check for the listener, one for what is recorded, and one for orders where some wait. */
export function trackingChecks(state: TrackingState, port: number): readonly Check[] {
  const { isListening, hits, ordersWait } = state;
  const isFull = hits.waiting >= MAX_WAITING;
  return [
    {
      name: 'tracking',
      ok: isListening,
      sentence: isListening
        ? `Links and the unsubscribe page are served on port ${port}.`
        : `Nobody listens on port ${port} for links and the unsubscribe page any more: start the program again.`,
    },
    {
      name: 'hits',
      ok: !isFull,
      sentence: isFull
        ? `${MAX_WAITING} opens and clicks wait to be recorded and newer ones are lost (${hits.lost} so far); links work on. Is Redis away?`
        : 'Opens and clicks are recorded.',
    },
    ...ordersCheck(ordersWait),
  ];
}

/** The same for mail to ourselves. */
export function feedbackChecks(
  { isFull, connections, ordersWait }: FeedbackState,
  listeners: readonly Readonly<{ port: number }>[],
): readonly Check[] {
  const ports = listeners.map(({ port }) => port).join(', ');
  return [
    {
      name: 'feedback',
      ok: !isFull,
      sentence: isFull
        ? `All ${connections} connections for mail to ourselves are taken, and others are sent away for now: look who connects to port ${ports}, or raise feedback.maxConnections.`
        : `Mail to ourselves is taken on port ${ports}.`,
    },
    ...ordersCheck(ordersWait),
  ];
}

function ordersCheck(why: string | undefined): readonly Check[] {
  if (why === undefined) return [];
  const sentence = `Orders to unsubscribe wait on disk and are done later; the last try failed: ${why}.`;
  return [{ name: 'unsubscribe', ok: false, sentence }];
}
