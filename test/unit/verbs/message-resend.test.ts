// Sending again what is still in the queue: to everybody it went to, or to nobody.
import { expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { storyOf } from '../../../src/verbs/history.ts';
import { resend, type ResendVerbs } from '../../../src/verbs/message-resend.ts';
import { request } from '../../support/backlog.ts';

const ID = '01KATM1V6J3Q5Z8W9X7Y6T5R4E';

function accepted(n: number): Event {
  const ids = { submission: ID, delivery: `${ID}-${n}`, id: `${ID}-${n}.accepted` };
  const about = { account: 'default', user: 'shop', sender: 'me@shop.example' };
  return { v: 1, type: 'accepted', at: n, recipient: `user${n}@example.net`, ...about, ...ids };
}

const unasked = (): never => {
  throw new Error('nobody asks for that');
};

/** What the history tells of a message to three; `more`: there are others. */
function verbs(more: boolean, handed: string[][]): ResendVerbs {
  const story = storyOf([1, 2, 3].map(accepted));
  const { submission } = request(['user1@example.net']);
  return {
    history: undefined,
    eventLog: {
      read: unasked,
      follow: unasked,
      trace: unasked,
      end: () => Promise.resolve({ ms: 1, seq: 0, n: 0 }),
      search: () =>
        Promise.resolve({
          complete: !more,
          events: (story?.deliveries ?? []).flatMap(({ events }) =>
            events.map((event) => ({ event, cursor: { ms: 1, seq: 0, n: 0 } })),
          ),
        }),
    },
    transitions: {
      read: () => Promise.resolve(undefined),
      readSubmissionOf: () => Promise.resolve({ ...submission, id: ID, account: 'default', user: 'shop' }),
    },
    archive: { find: () => Promise.resolve(undefined) },
    readBody: () => Promise.resolve(Buffer.from('Subject: x\r\n\r\nhello')),
    door: {
      handIn: ({ recipients }) => {
        handed.push([...recipients]);
        return Promise.resolve({ ok: true, id: 'N', accepted: recipients, refused: [] });
      },
    },
    resent: { note: () => Promise.resolve(), list: () => Promise.resolve([]) },
    clock: {
      now: () => 1,
      ticks: () => 1,
      sleep: async () => undefined,
      every: () => () => undefined,
      after: () => () => undefined,
    },
  };
}

test.each([
  ['all that it went to', ID, false, true, 3],
  ['none, where not all are known', ID, true, false, 0],
  ['one of very many', `${ID}-2`, true, true, 1],
] as const)('%s', async (_, id, more, ok, count) => {
  const handed: string[][] = [];
  const done = await resend(verbs(more, handed), { id, owner: { account: 'default' }, peer: '127.0.0.1' });
  expect(done.ok).toBe(ok);
  expect(handed.flat()).toHaveLength(count);
  if (!done.ok && done.why !== 'refused') expect(done.problem).toContain('more recipients');
});
