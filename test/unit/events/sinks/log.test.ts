// The log sink: what one line says of an event about a message, and of one about the installation.
import { expect, test } from 'vitest';
import { makeLogSink } from '../../../../src/events/sinks/log.ts';
import { silentLog } from '../../../../src/lib/log.ts';
import type { Event } from '../../../../src/model/event.ts';
import { noticeEvent } from '../../../../src/model/notice.ts';

const message: Event = {
  v: 1,
  id: 'S-1.x',
  type: 'accepted',
  at: 1,
  account: 'default',
  user: 'shop',
  submission: 'S',
  delivery: 'S-1',
  recipient: 'ann@example.net',
  sender: 'a@shop.example',
};
const notice = { at: 1, scope: 'transport', key: 'ip1', reason: 'It is listed.' } as const;

test.each([
  [message, 'accepted from a@shop.example for ann@example.net'],
  [{ ...message, sender: '' }, 'accepted from <> for ann@example.net'],
  [
    { ...message, type: 'delivered', reply: { code: 250, text: 'Ok' } } as const,
    'delivered to ann@example.net: 250 Ok',
  ],
  [{ ...message, type: 'expired', reason: 'Too late.' } as const, 'expired for ann@example.net: Too late.'],
  [
    noticeEvent({ ...notice, type: 'transport-state', state: 'quarantined', was: 'healthy' }),
    'transport ip1 is quarantined, was healthy: It is listed.',
  ],
  [
    noticeEvent({ ...notice, type: 'trouble', rule: 'bind', over: true }),
    'transport ip1 (bind), over: It is listed.',
  ],
])('%#', async (event, sentence) => {
  const said: unknown[] = [];
  const sink = makeLogSink({ ...silentLog, info: (_: unknown, text?: unknown) => void said.push(text) });
  await sink.take([{ cursor: { ms: 1, seq: 0, n: 0 }, event }], new AbortController().signal);
  expect(said).toEqual([sentence]);
});
