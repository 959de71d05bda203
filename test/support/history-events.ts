// Made-up traffic for the history: events of many deliveries in the order of an event log, the same for the same seed.
import type { Recorded } from '../../src/history/history.ts';
import type { Event } from '../../src/model/event.ts';

export type Traffic = Readonly<{
  seed: number;
  /** First and last moment that messages are accepted at. */
  from: number;
  to: number;
  deliveries: number;
  users?: number;
  campaigns?: number;
  /** Conversations of usual length; false: none. */
  conversations?: boolean;
}>;

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const PROVIDERS = ['gmail', 'outlook', 'yahoo', 'libero', 'aruba', 'icloud', 'gmx', ''];
const HOSTS = [
  'gmail.com',
  'outlook.com',
  'yahoo.com',
  'libero.it',
  'aruba.it',
  'icloud.com',
  'gmx.de',
  'example.org',
];
const NAMES = ['mario', 'anna', 'luca', 'giulia', 'paolo', 'sara', 'marco', 'elena', 'franco', 'chiara'];
const SURNAMES = [
  'rossi',
  'bianchi',
  'verdi',
  'ferrari',
  'russo',
  'romano',
  'gallo',
  'costa',
  'fontana',
  'conti',
];
const SUBJECTS = [
  'Your invoice',
  'Order confirmed',
  'La tua fattura',
  'Password reset',
  'Newsletter',
  'Spedizione partita',
];
const AGENT =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';

/** mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function idAt(ms: number, random: () => number): string {
  let time = '';
  for (let i = 0, rest = ms; i < 10; i++, rest = Math.floor(rest / 32))
    time = ALPHABET.charAt(rest % 32) + time;
  let tail = '';
  for (let i = 0; i < 16; i++) tail += ALPHABET.charAt(Math.floor(random() * 32));
  return time + tail;
}

/** All events, in batches of about `size`, ordered by time. About three for each delivery. */
export function* traffic(options: Traffic, size = 2000): Generator<readonly Recorded[]> {
  const { seed, from, to, deliveries } = options;
  const random = randomOf(seed);
  const step = (to - from) / Math.max(1, deliveries);
  const later = makeHeap();
  let batch: Recorded[] = [];
  let [ms, seq] = [0, 0];
  const record = (event: Event): void => {
    if (event.at > ms) [ms, seq] = [event.at, 0];
    else seq++;
    batch.push({ cursor: { ms, seq, n: 0 }, event });
  };
  for (let i = 0; i < deliveries; i++) {
    const at = Math.floor(from + i * step);
    for (let next = later.peek(); next && next.at <= at; next = later.peek()) {
      record(next);
      later.pop();
      if (batch.length >= size) {
        yield batch;
        batch = [];
      }
    }
    const [accepted, ...rest] = story(options, at, i, random);
    if (accepted) record(accepted);
    for (const event of rest) later.push(event);
  }
  for (let next = later.peek(); next; next = later.peek()) {
    record(next);
    later.pop();
    if (batch.length >= size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** What happens to one delivery. */
function story(options: Traffic, at: number, i: number, random: () => number): Event[] {
  const { users = 5, campaigns = 50, conversations = false } = options;
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * random() * list.length)];
  const submission = idAt(at, random);
  const delivery = `${submission}-1`;
  const user = `user${1 + Math.floor(random() * random() * users)}`;
  const which = Math.floor(random() * HOSTS.length);
  const recipient = `${pick(NAMES)}.${pick(SURNAMES)}${Math.floor(random() * 100_000)}@${HOSTS[which]}`;
  const campaign = random() < 0.7 ? `c${Math.floor((i / 20_000) % campaigns)}` : undefined;
  const facts = {
    account: 'default',
    user,
    submission,
    delivery,
    recipient,
    sender: `bounce+${i % 97}@${user}.example`,
    headerFrom: `shop@${user}.example`,
    ...(campaign === undefined ? {} : { campaign, tags: ['news', `t${i % 7}`] }),
  };
  const more = {
    messageId: `<${submission}@${user}.example>`,
    subject: `${pick(SUBJECTS)} ${10_000 + (i % 90_000)}`,
  };
  const provider = PROVIDERS[which] ?? '';
  const transport = `ip${1 + (i % 4)}`;
  const make = (type: Event['type'], name: string, when: number, rest: Partial<Event>): Event => ({
    v: 1,
    id: `${delivery}.${name}`,
    type,
    at: Math.floor(when),
    ...facts,
    ...rest,
  });
  const via = {
    transport,
    site: `mx.${HOSTS[which]}`,
    host: `mx1.${HOSTS[which]}`,
    ...(provider === '' ? {} : { provider }),
    address: '192.0.2.33:25',
    localAddress: '198.51.100.7',
    tls: 'TLSv1.3',
    ...(conversations ? { conversation: talk(facts.sender, recipient) } : {}),
  };
  const events = [make('accepted', 'accepted', at, { ...more, size: 20_000 })];
  let when = at + 200 + random() * 2000;
  let attempt = 1;
  for (; random() < 0.06 && attempt < 4; attempt++) {
    const reply = { code: 451, status: '4.7.1', text: 'Greylisted, come back later' };
    events.push(
      make('deferred', `deferred.${attempt}`, when, {
        ...more,
        ...via,
        attempt,
        age: Math.floor(when - at),
        class: 'greylisted',
        reason: 'The peer said later.',
        reply,
      }),
    );
    when += 300_000;
  }
  const age = Math.floor(when - at);
  if (random() < 0.03) {
    const reply = { code: 550, status: '5.1.1', text: `The user ${recipient} does not exist here` };
    events.push(
      make('bounced', 'bounced', when, {
        ...more,
        ...via,
        attempt,
        age,
        class: 'bad-mailbox',
        reason: 'The peer refused.',
        reply,
      }),
    );
    return events;
  }
  const text = `OK queued as ${idAt(when, random).slice(10, 20)}`;
  events.push(
    make('delivered', 'delivered', when, {
      ...more,
      ...via,
      attempt,
      age,
      reply: { code: 250, status: '2.0.0', text },
    }),
  );
  return [...events, ...hits(make, when, random)];
}

type Make = (type: Event['type'], name: string, when: number, rest: Partial<Event>) => Event;

function hits(make: Make, delivered: number, random: () => number): Event[] {
  const events: Event[] = [];
  const visitor = (): Partial<Event> => ({
    ip: '203.0.113.9',
    userAgent: AGENT,
    client: 'Apple Mail',
    os: 'iOS',
    device: random() < 0.6 ? 'mobile' : 'desktop',
    country: random() < 0.8 ? 'IT' : 'DE',
    ...(random() < 0.3 ? { machine: 'proxy' as const } : {}),
  });
  for (let n = 0; random() < 0.45 && n < 5; n++) {
    const when = Math.floor(delivered + random() ** 4 * 40 * 86_400_000);
    events.push(make('opened', `opened.${when}-${n}`, when, visitor()));
  }
  for (let n = 0; random() < 0.15 && n < 3; n++) {
    const when = Math.floor(delivered + random() ** 4 * 20 * 86_400_000);
    const link = 1 + Math.floor(random() * 4);
    const url = `https://shop.example/page${link}?u=${Math.floor(random() * 1e6)}`;
    events.push(make('clicked', `clicked.${link}.${when}-${n}`, when, { ...visitor(), link, url }));
  }
  if (random() < 0.003)
    events.push(make('complained', 'complained', delivered + 7_200_000, { class: 'abuse', report: 'arf' }));
  if (random() < 0.002)
    events.push(
      make('bounced', 'bounced', delivered + 60_000, {
        class: 'mailbox-full',
        category: 'quota',
        report: 'dsn',
        reply: { code: 552, status: '5.2.2', text: 'mailbox full' },
      }),
    );
  return events;
}

function talk(sender: string, recipient: string): string {
  return `220 mx ready\nEHLO mx1.relay.example\n250-SIZE 157286400\n250-STARTTLS\n250 SMTPUTF8\nSTARTTLS\n220 Go\nEHLO mx1.relay.example\n250 ok\nMAIL FROM:<${sender}>\n250 2.1.0 OK\nRCPT TO:<${recipient}>\n250 2.1.5 OK\nDATA\n354 Go ahead\n250 2.0.0 OK`;
}

/** Events by time: what is made now and happens later. */
function makeHeap(): Readonly<{ push(event: Event): void; peek(): Event | undefined; pop(): void }> {
  const heap: Event[] = [];
  const at = (i: number): number => heap[i]?.at ?? Infinity;
  const swap = (i: number, j: number): void => {
    const [a, b] = [heap[i], heap[j]];
    if (a && b) [heap[i], heap[j]] = [b, a];
  };
  return {
    peek: () => heap[0],
    push: (event) => {
      let i = heap.push(event) - 1;
      for (let up = (i - 1) >> 1; i > 0 && at(up) > at(i); up = (i - 1) >> 1) {
        swap(i, up);
        i = up;
      }
    },
    pop: () => {
      const last = heap.pop();
      if (heap.length === 0 || !last) return;
      heap[0] = last;
      for (let i = 0; ;) {
        const left = 2 * i + 1;
        const least = at(left + 1) < at(left) ? left + 1 : left;
        if (least >= heap.length || at(least) >= at(i)) return;
        swap(i, least);
        i = least;
      }
    },
  };
}
