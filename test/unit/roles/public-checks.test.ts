// What /readyz says of the public listeners: one sentence for each trouble, and none of them where there is none.
import { expect, test } from 'vitest';
import { feedbackChecks, trackingChecks } from '../../../src/roles/public-checks.ts';
import { MAX_WAITING } from '../../../src/tracking/recorder.ts';

const hits = { waiting: 3, lost: 0, flooded: 9 };
const tracking = { isListening: true, hits, ordersWait: undefined };
const feedback = { isFull: false, connections: 0, ordersWait: undefined };

test('of links and the unsubscribe page', () => {
  expect(trackingChecks(tracking, 8081)).toEqual([
    { name: 'tracking', ok: true, sentence: 'Links and the unsubscribe page are served on port 8081.' },
    { name: 'hits', ok: true, sentence: 'Opens and clicks are recorded.' },
  ]);
  const bad = trackingChecks(
    {
      isListening: false,
      hits: { ...hits, waiting: MAX_WAITING, lost: 7 },
      ordersWait: 'RedisTrouble: away',
    },
    8081,
  );
  expect(bad.map(({ name, ok }) => [name, ok])).toEqual([
    ['tracking', false],
    ['hits', false],
    ['unsubscribe', false],
  ]);
  expect(bad[0]?.sentence).toContain('port 8081');
  expect(bad[1]?.sentence).toContain('(7 so far)');
  expect(bad[2]?.sentence).toContain('RedisTrouble: away');
});

test('of mail to ourselves', () => {
  const listeners = [{ port: 2526 }, { port: 25 }];
  expect(feedbackChecks(feedback, listeners)).toEqual([
    { name: 'feedback', ok: true, sentence: 'Mail to ourselves is taken on port 2526, 25.' },
  ]);
  const bad = feedbackChecks({ isFull: true, connections: 200, ordersWait: 'away' }, listeners);
  expect(bad.map(({ name, ok }) => [name, ok])).toEqual([
    ['feedback', false],
    ['unsubscribe', false],
  ]);
  expect(bad[0]?.sentence).toMatch(
    /^All 200 connections .* port 2526, 25, or raise feedback\.maxConnections\.$/,
  );
});
