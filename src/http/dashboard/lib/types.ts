// What the API answers about messages and their history, as far as pages show it.

export type DeliveryStatus =
  | 'queued'
  | 'deferred'
  | 'delivered'
  | 'bounced'
  | 'expired'
  | 'dropped'
  | 'cancelled';

/** One recipient's copy of a message and what became of it. Times are epoch milliseconds. */
export type DeliveryRow = Readonly<{
  delivery: string;
  submission: string;
  user: string;
  at: number;
  recipient: string;
  sender: string;
  headerFrom?: string;
  subject?: string;
  messageId?: string;
  campaign?: string;
  campaignName?: string;
  tags?: readonly string[];
  metadata?: Readonly<Record<string, string>>;
  size?: number;
  status: DeliveryStatus;
  statusAt: number;
  class?: string;
  category?: string;
  reason?: string;
  reply?: string;
  transport?: string;
  provider?: string;
  site?: string;
  attempts: number;
  /** When the next attempt is due, as its last event says. */
  due?: number;
  /** Of what waits: when it is tried next, and why not now; without `why` it is only its turn that it waits for. */
  wait?: Readonly<{ due: number; why?: WaitWhy }>;
  ms?: number;
  opens: number;
  humanOpens: number;
  firstOpenAt?: number;
  clicks: number;
  humanClicks: number;
  unsubscribed: boolean;
  complained: boolean;
}>;

/** Why something waits. */
export type WaitWhy = Readonly<{
  kind: 'sending' | 'paused' | 'transport' | 'no-transport' | 'limit' | 'hold' | 'retry' | 'later';
  /** What holds it: "warmup", "provider". */
  rule?: string;
  /** Of the transport. */
  state?: string;
  /** What a pause or limit is about, and its name. */
  scope?: string;
  name?: string;
  text?: string;
}>;

/** What events there are. */
export const eventTypes = [
  'accepted',
  'deferred',
  'delivered',
  'bounced',
  'expired',
  'dropped',
  'cancelled',
  'opened',
  'clicked',
  'unsubscribed',
  'complained',
  'transport-state',
  'sender-state',
  'limit',
  'trouble',
] as const;

export type MailEvent = Readonly<{
  id: string;
  type: string;
  at: number;
  user: string;
  submission: string;
  delivery: string;
  recipient: string;
  sender: string;
  subject?: string;
  headerFrom?: string;
  size?: number;
  transport?: string;
  site?: string;
  host?: string;
  provider?: string;
  address?: string;
  localAddress?: string;
  tls?: string;
  attempt?: number;
  ms?: number;
  age?: number;
  reply?: Readonly<{ code: number; status?: string; text: string }>;
  class?: string;
  category?: string;
  phase?: string;
  reason?: string;
  due?: number;
  conversation?: string;
  notes?: readonly string[];
  /** Of "accepted": the delivery or message that is sent again by it. */
  resendOf?: string;
  url?: string;
  link?: number;
  device?: string;
  client?: string;
  os?: string;
  country?: string;
  machine?: 'proxy' | 'scanner';
  how?: string;
  /** Of a bounce or complaint that came later by mail. */
  report?: string;
  topic?: string;
  state?: string;
  was?: string;
  scope?: string;
  key?: string;
  rule?: string;
  action?: string;
  until?: number;
  over?: boolean;
}>;

/** A submission with its deliveries and all that happened, oldest first. */
export type Message = Readonly<{
  submission: string;
  user: string;
  at: number;
  sender: string;
  subject?: string;
  messageId?: string;
  deliveries: readonly Readonly<{ row: DeliveryRow; events: readonly MailEvent[] }>[];
  /** There are more deliveries, or events, than are told. */
  more: boolean;
}>;

export type Counts = Readonly<{
  accepted: number;
  delivered: number;
  deferred: number;
  bounced: number;
  hard: number;
  soft: number;
  block: number;
  expired: number;
  dropped: number;
  cancelled: number;
  opened: number;
  openedUnique: number;
  openedHuman: number;
  clicked: number;
  clickedUnique: number;
  clickedHuman: number;
  unsubscribed: number;
  complained: number;
  p50?: number;
  p95?: number;
}>;

export type StatisticsRow = Readonly<{ at?: number; key?: string; label?: string }> & Counts;
export type Statistics = Readonly<{ total: Counts; rows: readonly StatisticsRow[] }>;
