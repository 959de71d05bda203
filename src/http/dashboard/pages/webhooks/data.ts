// Webhooks as the API tells them, as far as pages show them.

export type Webhook = Readonly<{
  id: string;
  name: string;
  user?: string;
  url: string;
  shape: string;
  types: readonly string[];
  campaigns: readonly string[];
  tags: readonly string[];
  domains: readonly string[];
  people: boolean;
  batchSize: number;
  batchWait: number;
  /** Of the shape smtpplus alone. */
  method: 'GET' | 'POST';
  parameters: Readonly<Record<string, string>>;
  enabled: boolean;
  publicKey?: string;
  condition: 'off' | 'parked' | 'failing' | 'behind' | 'well';
  lagMs: number;
  failingSince?: number;
  parkedSince?: number;
  tries: number;
  nextTry?: number;
  problem?: string;
  sent: number;
  requests: number;
  lastAt?: number;
  secrets: readonly Readonly<{ since: number; until?: number }>[];
}>;

export type WithSecret = Readonly<{ webhook: Webhook; secret: string }>;

export type Sent = Readonly<{
  at: number;
  id: string;
  attempt: number;
  ms: number;
  events: number;
  types: readonly string[];
  test?: boolean;
  taken: boolean;
  request: Readonly<{ method: string; url: string; headers: Readonly<Record<string, string>>; body: string }>;
  status?: number;
  answer?: string;
  problem?: string;
}>;

/** Types of events about messages; one who names none gets all of them. */
export const messageTypes = [
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
] as const;

export const shapes = ['standard', 'sendgrid', 'mailgun', 'mandrill', 'smtpplus'] as const;
