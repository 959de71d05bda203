// Users and domains as the API tells them, as far as pages show them.

export type User = Readonly<{
  name: string;
  domains: readonly string[];
  senders: readonly string[];
  networks: readonly string[];
  pool: string;
  disabled: boolean;
  hasPassword: boolean;
  origin: string;
  limits?: Readonly<{
    messagesPerHour?: number;
    messagesPerDay?: number;
    recipientsPerMessage?: number;
    messageBytes?: number;
  }>;
  /** For how long finished mail is kept, milliseconds; absent: not at all. */
  archive?: number;
  /** Instructions for messages that say nothing else. */
  defaults?: Readonly<{ opens?: boolean; clicks?: string }>;
  unauthorisedFrom: string;
  trustedSmartHost: boolean;
  sending?: Readonly<{ state: string; since: number; reason: string; bounces: number; complaints: number }>;
}>;

export type MadeUser = User & Readonly<{ password?: string; warning?: string }>;

export type DnsRecord = Readonly<{
  name: string;
  type: string;
  value: string;
  purpose: string;
  note: string;
}>;

export type CheckedRecord = DnsRecord &
  Readonly<{ state: 'ok' | 'missing' | 'different' | 'unknown'; found: readonly string[] }>;

export type Domain = Readonly<{
  name: string;
  origin: string;
  keys: readonly Readonly<{ selector: string }>[];
  trackingHost?: string;
  returnPath?: string;
  brand?: Readonly<{ name?: string; logo?: string }>;
  pool?: string;
}>;

export type ShownDomain = Domain & Readonly<{ records: readonly DnsRecord[]; lacks: readonly string[] }>;

export type CheckedDomain = Readonly<{
  name: string;
  isGood: boolean;
  records: readonly CheckedRecord[];
  lacks: readonly string[];
}>;

export const pathOf = (noun: string, name: string): string => `${noun}/${encodeURIComponent(name)}`;
