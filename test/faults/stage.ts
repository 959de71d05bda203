// A stage for one scenario: Redis, MX, relay processes, load; at the end it waits for quiet, judges and prints.
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedSocket } from '../../src/embedded.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { freePorts } from '../support/relay-process.ts';
import { startCallers, type Callers } from './callers.ts';
import { writeConfig } from './config.ts';
import { judge, type Verdict } from './judge.ts';
import { startLoad, type Load, type Sent } from './load.ts';
import { lookInto, readEvents, readLedger, type Look } from './look.ts';
import type { Mix } from './messages.ts';
import type { MxRecord } from './mx.ts';
import { makeRelay, startMx, type Relay } from './process.ts';
import { makeRandom, type Random } from './random.ts';
import { readLetters, type Reading } from './reading.ts';
import { settings } from './settings.ts';
import { startVisitors, type Visitors } from './visiting.ts';

/** A scenario: what it needs, what it does under load, and what its result must show beyond what all must. */
export type Scenario = Readonly<{
  name: string;
  /** own: a Redis of ours, the roles as processes of their own; embedded: the relay's. */
  redis: 'own' | 'embedded';
  /** Probability that the MX takes a message and says nothing. */
  drop?: number;
  /** Between the dot and the MX's reply, milliseconds. */
  delay?: readonly [number, number];
  /** What the load is made of; usual by default. `share` of the usual rate. */
  mix?: Mix;
  share?: number;
  /** Redis may die between storing a message and answering: then a client is told 451 and the message is sent. */
  redisDies?: boolean;
  /** Programs that use the API: their mail counts as the load's does. */
  callers?: boolean;
  /** Left out of the quick run: another one is much the same. */
  thorough?: boolean;
  /** Why it cannot be played here, if so. */
  skip?: () => string | undefined;
  act(stage: Stage): Promise<void>;
  /** When all is quiet and the relay still runs, and when it has ended. */
  settled?: (stage: Stage) => Promise<void>;
  ended?: (stage: Stage) => Promise<void>;
  check?: (result: Result) => readonly string[];
}>;

/** What a scenario has to do with. */
export type Stage = Readonly<{
  folder: string;
  data: string;
  random: Random;
  load: Load;
  /** Port of the tracking listener, as the configuration has it. */
  trackingPort: number;
  /** Throws when the relay has its own. */
  redis(): TestRedis;
  relay(name: string, more?: Readonly<{ roles?: readonly string[]; through?: readonly string[] }>): Relay;
  look(url?: string): Look;
  /** The view to be used at the end, where it is not the usual one. */
  view(look: Look): void;
  /** All that the MX saw so far. */
  seen(): readonly MxRecord[];
  /** Notes what was in flight at a kill. */
  noteInFlight(refs: readonly string[]): void;
  noteExit(code: number): void;
  /** A sentence for the print-out, and one that fails the scenario. */
  note(sentence: string): void;
  complain(sentence: string): void;
  /** A signal to the embedded Redis. */
  signalEmbedded(signal: NodeJS.Signals): void;
  /** Starts the load; `load` throws before. */
  begin(): Promise<void>;
  /** Starts visitors who follow the links of the letters that arrive; their wishes are done before the end. */
  visit(): Visitors;
  /** Starts programs that use the API, once the http role is up; only where the scenario has them. */
  call(): Promise<Callers>;
  /** Waits for quiet, stops everything in good order, judges. */
  end(): Promise<Result>;
  /** Ends all that still runs; removes the folder unless it is to be looked at. */
  clear(keep: boolean): Promise<void>;
}>;

export type Result = Verdict &
  Reading &
  Pick<ReturnType<Load['figures']>, 'refused' | 'hung' | 'slowestMs' | 'repeated' | 'otherIds'> &
  Readonly<{
    name: string;
    seed: number;
    redisDies: boolean;
    kills: number;
    inFlight: number;
    /** Messages that the MX took in silence. */
    dropped: number;
    notes: readonly string[];
    complaints: readonly string[];
    quietAfterS: number;
    leftovers: readonly string[];
    repeatedEvents: number;
    exitCodes: readonly number[];
  }>;

const QUIET_LIMIT_MS = 240_000;
const FINISH_MS = 45_000;

export async function makeStage(scenario: Scenario): Promise<Stage> {
  const { name, drop = 0, delay = [5, 40], redisDies = false, mix = 'usual', share = 1 } = scenario;
  const { seed } = settings;
  const folder = mkdtempSync(join(tmpdir(), `postino-faults-${name}-`));
  const data = join(folder, 'data');
  const config = join(folder, 'postino.yaml');
  const own = scenario.redis === 'own' ? await startRedis() : undefined;
  const files = { mx: join(folder, 'mx.jsonl'), letters: join(folder, 'letters.bin') };
  const mx = await startMx({ seed, ledger: files.mx, letters: files.letters, drop, delay });
  const [smtp = 0, http = 0, tracking = 0, hook = 0] = await freePorts(4);
  const ports = { smtp, http, tracking, ...(scenario.callers === true ? { hook } : {}) };
  writeFileSync(config, writeConfig({ data, redis: own?.url ?? 'embedded', ports, sites: mx.ports }));
  const relays: Relay[] = [];
  const looks: Look[] = [];
  const inFlight = new Set<string>();
  const counts = { inFlight: 0, kills: 0 };
  const notes: string[] = [];
  const complaints: string[] = [];
  const exitCodes: number[] = [];
  let finalView: Look | undefined;
  let load: Load | undefined;
  let visitors: Visitors | undefined;
  let callers: Callers | undefined;
  const running = (): Load => {
    if (!load) throw new Error('the load has not begun');
    return load;
  };
  const look = (url = own?.url ?? `unix:${embeddedSocket(data)}`): Look => {
    const opened = lookInto(url);
    looks.push(opened);
    return opened;
  };
  const seen = (): readonly MxRecord[] => readLedger(files.mx, (line): MxRecord => JSON.parse(line));

  const allSent = (): readonly Sent[] => [...running().sent.values(), ...(callers?.sent() ?? [])];

  const end = async (): Promise<Result> => {
    const view = finalView ?? look();
    await running().finish(FINISH_MS);
    for (const program of [callers, visitors]) await program?.finish();
    const quietAfterS = await untilQuiet(view);
    const queued = await view.queued();
    const leftovers = queued.size > 0 ? [] : await view.leftovers();
    const came = seen();
    const reading = await readLetters(came, { path: files.letters, data, look: view });
    const suppressed = await view.suppressed();
    await scenario.settled?.(stage);
    for (const relay of relays.filter((one) => one.running())) exitCodes.push(await relay.terminate());
    const { events, repeats } = readEvents(data);
    await scenario.ended?.(stage);
    const verdict = judge({ sent: allSent(), seen: came, events, queued, inFlight });
    const figures = running().figures();
    const visited = visitors?.judge(events, suppressed);
    notes.push(...(visited?.notes ?? []));
    complaints.push(...(visited?.complaints ?? []));
    const dropped = came.filter((record) => record.dropped).length;
    const lists = { notes, complaints, leftovers, exitCodes };
    return {
      ...verdict,
      ...reading,
      ...figures,
      ...counts,
      ...lists,
      name,
      seed,
      redisDies,
      dropped,
      quietAfterS,
      repeatedEvents: repeats,
    };
  };

  const stage: Stage = {
    folder,
    data,
    random: makeRandom(seed, name),
    get load() {
      return running();
    },
    redis: () => {
      if (!own) throw new Error('the relay has its own Redis');
      return own;
    },
    relay: (relayName, more = {}) => {
      const relay = makeRelay({ name: relayName, folder, config, ...more });
      relays.push(relay);
      return relay;
    },
    look,
    view: (one) => void (finalView = one),
    seen,
    trackingPort: tracking,
    noteExit: (code) => void exitCodes.push(code),
    note: (sentence) => void notes.push(sentence),
    complain: (sentence) => void complaints.push(sentence),
    signalEmbedded: (signal) => signalEmbedded(data, signal),
    noteInFlight: (refs) => {
      counts.kills++;
      counts.inFlight += refs.length;
      for (const ref of refs) inFlight.add(ref);
    },
    begin: async () => {
      await (finalView ?? look()).putTemplates();
      const { rate, sessions } = settings;
      const ledger = join(folder, 'accepted.jsonl');
      load = await startLoad({ seed, scenario: name, port: smtp, ledger, rate: rate * share, sessions, mix });
    },
    visit: () => {
      const paths = { mx: files.mx, letters: files.letters, ledger: join(folder, 'visits.jsonl') };
      visitors = startVisitors({ ...paths, seed, port: tracking, rate: settings.visits });
      return visitors;
    },
    call: async () => {
      callers = await startCallers({ config, http, hook, rate: settings.rate / 5 });
      return callers;
    },
    end,
    clear: async (keep) => {
      await callers?.stop();
      await load?.finish(0);
      await visitors?.stop();
      await Promise.all(looks.map((one) => one.close()));
      await Promise.all(relays.map((one) => one.kill9()));
      if (!own) signalEmbedded(data, 'SIGKILL');
      await own?.stop();
      await mx.stop();
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
  return stage;
}

/** Seconds until nothing is queued and all events are on disk; gives up after the limit. */
async function untilQuiet(look: Look): Promise<number> {
  const since = performance.now();
  const over = (): number => performance.now() - since;
  while (over() < QUIET_LIMIT_MS) {
    const left = await look.unfinished().catch(() => undefined);
    if (left && left.deliveries === 0 && left.events === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return Math.round(over() / 1000);
}

/** By its pid file; a pid that has become another process's is left alone. */
function signalEmbedded(data: string, signal: NodeJS.Signals): void {
  try {
    const pid = Number(readFileSync(join(data, 'redis', 'redis.pid'), 'utf8'));
    if (readlinkSync(`/proc/${pid}/cwd`).startsWith(data)) process.kill(pid, signal);
  } catch {
    // It has ended, or was never started.
  }
}
