// The scenario in which the http role is killed while programs use the API: mail, stream, webhook and history are exact afterwards.
import { join } from 'node:path';
import { historyConfig } from '../../src/history/config.ts';
import type { HistoryReader } from '../../src/history/history.ts';
import { openSqliteReader } from '../../src/history/sqlite/open.ts';
import type { Event } from '../../src/model/event.ts';
import type { Callers } from './callers.ts';
import { sleep } from './kills.ts';
import { readEvents } from './look.ts';
import { settings } from './settings.ts';
import type { Scenario, Stage } from './stage.ts';
import { HELD_MS } from './visiting.ts';

const SHARE = 0.4;
const WARM_VISITS = 50;
const TOLD_MS = 60_000;
let callers: Callers | undefined;

const callsKilled: Scenario = {
  name: 'calls-http-killed',
  redis: 'own',
  share: SHARE,
  callers: true,
  act: async (stage) => {
    const { random } = stage;
    const [http, submission, delivery] = ['http', 'submission', 'delivery'].map((name) =>
      stage.relay(name, { roles: [name] }),
    );
    if (!http || !submission || !delivery) return;
    await Promise.all([submission, delivery, http].map((relay) => relay.start()));
    callers = await stage.call();
    await stage.begin();
    const visitors = stage.visit();
    visitors.tell({ say: 'listener', pid: http.pid() });
    while (visitors.visits().length < WARM_VISITS) await sleep(100);
    for (let round = 0; round < settings.rounds; round++) {
      await sleep(random.between(500, 4_500));
      const since = Date.now() - HELD_MS;
      await http.kill9();
      visitors.mayLose(since, Date.now());
      stage.noteInFlight([]);
      await sleep(random.between(0, 300));
      await http.start();
      visitors.tell({ say: 'listener', pid: http.pid() });
    }
    await sleep(2_000);
  },
  settled: async (stage) => {
    if (!callers) return;
    const told = eventsOf(stage);
    const since = performance.now();
    const reader = readerOf(stage);
    const isDone = async (): Promise<boolean> =>
      told.every(
        (
          (known) =>
          ({ id }) =>
            known.has(id)
        )(new Set(callers?.viewed())),
      ) &&
      told.every(
        (
          (known) =>
          ({ id }) =>
            known.has(id)
        )(new Set(callers?.hooked())),
      ) &&
      (await reader.state()).deliveries >= new Set(told.map(({ delivery }) => delivery)).size;
    while (performance.now() - since < TOLD_MS && !(await isDone())) await sleep(500);
    await reader.close();
  },
  ended: async (stage) => {
    if (!callers) return;
    const told = eventsOf(stage);
    const [viewed, hooked] = [callers.viewed(), callers.hooked()];
    const [unseen, unhooked] = [missing(told, viewed), missing(told, hooked)];
    const twice = viewed.length - new Set(viewed).size;
    stage.note(
      `API: ${callers.sent().length} messages, ${callers.unanswered()} requests without an answer, ${callers.replayed()} answered again`,
    );
    stage.note(`stream: ${viewed.length} events over ${callers.views()} connections, ${twice} twice`);
    stage.note(
      `webhook: ${new Set(hooked).size} events in ${callers.hookedRequests()} requests, ${hooked.length - new Set(hooked).size} twice`,
    );
    if (unseen.length > 0)
      stage.complain(`${unseen.length} events not in the stream: ${unseen.slice(0, 4).join(' ')}`);
    // What stands twice in the log, under one id, comes twice: an order to unsubscribe that was done again after a kill.
    if (twice > readEvents(stage.data).repeats) stage.complain(`${twice} events came twice in the stream`);
    if (unhooked.length > 0)
      stage.complain(`${unhooked.length} events not sent to the webhook: ${unhooked.slice(0, 4).join(' ')}`);
    if (callers.unanswered() === 0) stage.complain('no request to the API was cut off');
    const reader = readerOf(stage);
    await compareHistory(stage, reader, told);
    await reader.close();
  },
};

export const calls: readonly Scenario[] = [callsKilled];

/** Those of customers' mail; reports of failures are nobody's. */
function eventsOf({ data }: Stage): readonly Event[] {
  return readEvents(data).events.filter(({ account, delivery }) => account === 'default' && delivery !== '');
}

function missing(told: readonly Event[], ids: readonly string[]): readonly string[] {
  const known = new Set(ids);
  return told.filter(({ id }) => !known.has(id)).map(({ id }) => id);
}

function readerOf({ data }: Stage): HistoryReader {
  return openSqliteReader({ folder: join(data, 'history'), config: historyConfig.parse({}), key: 'faults' });
}

/** Each event stands in the story of its message, once, and is counted once. */
async function compareHistory(stage: Stage, reader: HistoryReader, told: readonly Event[]): Promise<void> {
  let [kept, absent] = [0, 0];
  for (const [submission, own] of Map.groupBy(told, (event) => event.submission)) {
    const story = await reader.timeline(submission);
    const ids = (story?.deliveries ?? []).flatMap(({ events }) => events.map(({ id }) => id));
    kept += ids.length;
    absent += missing(own, ids).length;
  }
  const all = {
    account: 'default',
    since: Date.now() - 86_400_000,
    until: Date.now() + 86_400_000,
    limit: 1,
  };
  const { total } = await reader.statistics(all);
  const count = (type: Event['type']): number => told.filter((event) => event.type === type).length;
  const counted = ['accepted', 'delivered', 'opened', 'clicked'] as const;
  const figures = counted.map((type) => `${total[type]} ${type}`);
  stage.note(`history: ${kept} events of ${told.length}, counts ${figures.join(', ')}`);
  if (absent > 0 || kept !== told.length)
    stage.complain(`${absent} events are not in the history, which has ${kept}`);
  for (const type of counted)
    if (total[type] !== count(type))
      stage.complain(`the statistics count ${total[type]} ${type}, and the events ${count(type)}`);
}
