// The visitors of the fault tests, a process that nobody kills: they follow links, open pixels and unsubscribe, and note each answer.
import { openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { linksIn, openLetters, readable } from './letters.ts';
import type { MxRecord } from './mx.ts';
import { makeRandom } from './random.ts';
import { TRACKING_HOST } from './treated.ts';

export type VisitorsOptions = Readonly<{
  seed: number;
  /** Ledger and letters of the mail host, and the ledger to write. */
  mx: string;
  letters: string;
  ledger: string;
  /** Of the tracking listener. */
  port: number;
  /** Visits a second. */
  rate: number;
}>;

/** A line of the ledger, written when the answer has come. Times are epoch milliseconds. */
export type Visit = Readonly<{
  n: number;
  kind: 'click' | 'open' | 'post';
  recipient: string;
  at: number;
  ended: number;
  /** From the request to the head of its answer, milliseconds; and how long listener and visitor meanwhile waited for a processor. */
  ms: number;
  waited: number;
  /** 0: none. */
  status: number;
  /** Where it leads to, for a click. */
  location?: string | undefined;
}>;

/** What the visitors are told. */
export type Word = Readonly<
  | { say: 'finish' }
  /** Pid of the process that listens. */
  | { say: 'listener'; pid: number }
  /** How much of what they do is to unsubscribe. */
  | { say: 'orders'; share: number }
>;

type Target = Readonly<{ kind: Visit['kind']; recipient: string; path: string }>;
type Letter = Readonly<{ clicks: readonly Target[]; open: Target }>;

const TICK_MS = 20;
const PATIENCE_MS = 20_000;
/** Hits whose answer is awaited: on a machine that is too slow, fewer are made. */
const MOST_HITS = 40;
/** A reading of the waits is as good as new for so long. */
const FRESH_MS = 3;
const AGAIN_MS = 400;
const OPEN_SHARE = 0.4;
/** Of a letter, more than a thousand hits in an hour are not written down: only the latest are visited. */
const LATEST = 200;

const options: VisitorsOptions = JSON.parse(process.argv[2] ?? '{}');
const random = makeRandom(options.seed, 'visitors');
/** Orders may wait for Redis: nobody else waits behind them. */
const agents = { hit: new Agent({ keepAlive: true, maxSockets: 100 }), post: new Agent({ maxSockets: 400 }) };
const ledger = openSync(options.ledger, 'a');
const letters: Letter[] = [];
/** Orders to unsubscribe that have no 200 yet and are not under way. */
const orders: Target[] = [];
let underWay = 0;
let hitsUnderWay = 0;
let count = 0;
let finishing = false;

const readMore = tail(options.mx, openLetters(options.letters));
let reading = { at: 0, ms: 0 };
let orderShare = 0.25;
let listener = 0;
let last = performance.now();
let owed = 0;
setInterval(() => {
  const now = performance.now();
  owed += finishing ? 0 : (options.rate * (now - last)) / 1000;
  last = now;
  for (; owed >= 1; owed--) visitSomething();
  if (finishing) for (const order of orders.splice(0)) visit(order);
  if (finishing && underWay === 0 && orders.length === 0) process.send?.('done');
}, TICK_MS);
setInterval(readMore, 100);
process.on('message', (word: Word) => {
  if (word.say === 'finish') finishing = true;
  if (word.say === 'listener') listener = word.pid;
  if (word.say === 'orders') orderShare = word.share;
});
process.on('disconnect', () => process.exit(0));

function visitSomething(): void {
  const latest = Math.min(letters.length, LATEST);
  const letter = letters[letters.length - 1 - random.between(0, Math.max(0, latest - 1))];
  if (!letter) return;
  const order = random.chance(orderShare) ? orders.shift() : undefined;
  if (order) return visit(order);
  if (hitsUnderWay >= MOST_HITS) return;
  if (random.chance(OPEN_SHARE)) return visit(letter.open);
  const click = letter.clicks[random.between(0, letter.clicks.length - 1)];
  if (click) visit(click);
}

function visit(target: Target): void {
  const n = ++count;
  const { kind, recipient } = target;
  const isPost = kind === 'post';
  const [at, since, waited] = [Date.now(), performance.now(), waitedMs()];
  underWay++;
  if (!isPost) hitsUnderWay++;
  const end = (status: number, location?: string): void => {
    underWay--;
    if (!isPost) hitsUnderWay--;
    const ms = Math.round((performance.now() - since) * 10) / 10;
    const wait = Math.round(waitedMs() - waited);
    const line: Visit = { n, kind, recipient, at, ended: Date.now(), ms, waited: wait, status, location };
    writeSync(ledger, `${JSON.stringify(line)}\n`);
    if (!isPost || status === 200) return;
    // As mail providers do it. Until it is asked again it is under way.
    underWay++;
    setTimeout(() => {
      underWay--;
      orders.push(target);
    }, AGAIN_MS);
  };
  ask(target, n, end);
}

/** How long the main threads of the listener and of this process have waited for a processor, where Linux tells it. */
function waitedMs(): number {
  const now = performance.now();
  if (now - reading.at > FRESH_MS) reading = { at: now, ms: waitOf(listener) + waitOf(process.pid) };
  return reading.ms;
}

function waitOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Calls `end` once. */
function ask({ kind, path }: Target, n: number, end: (status: number, location?: string) => void): void {
  const isPost = kind === 'post';
  const asked = request({
    agent: isPost ? agents.post : agents.hit,
    host: '127.0.0.1',
    port: options.port,
    path,
    method: isPost ? 'POST' : 'GET',
    timeout: PATIENCE_MS,
    headers: {
      host: TRACKING_HOST,
      'user-agent': `Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0 visit-${n}`,
      ...(isPost ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    },
  });
  let ended = false;
  const once = (status: number, location?: string): void => {
    if (!ended) end(status, location);
    ended = true;
  };
  asked.once('response', (response) => {
    response.resume();
    once(response.statusCode ?? 0, response.headers.location);
  });
  asked.on('timeout', () => asked.destroy());
  asked.on('error', () => once(0));
  asked.end(isPost ? 'List-Unsubscribe=One-Click' : undefined);
}

/** Reads what the mail host has taken since the last time. */
function tail(path: string, read: (record: MxRecord) => Buffer): () => void {
  const file = openSync(path, 'a+');
  const chunk = Buffer.alloc(1_048_576);
  let [position, text] = [0, ''];
  return () => {
    for (;;) {
      const size = readSync(file, chunk, 0, chunk.length, position);
      if (size === 0) return;
      position += size;
      const lines = (text + chunk.toString('latin1', 0, size)).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) addLetter(JSON.parse(line), read);
    }
  };
}

function addLetter(record: MxRecord, read: (record: MxRecord) => Buffer): void {
  if (record.offset === undefined || record.kind === 'signed' || record.deferred || record.dropped) return;
  const { clicks, pixel = '', unsubscribe } = linksIn(readable(read(record)));
  const recipient = record.key.slice(record.key.indexOf('/') + 1);
  letters.push({
    clicks: clicks.map((token) => ({ kind: 'click', recipient, path: `/t/c/${token}` })),
    open: { kind: 'open', recipient, path: `/t/o/${pixel}` },
  });
  if (unsubscribe !== undefined) orders.push({ kind: 'post', recipient, path: `/t/u/${unsubscribe}` });
}
