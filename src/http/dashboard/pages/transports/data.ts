// Transports as the API tells them, as far as pages show them.

export type ProviderProgress = Readonly<{
  provider: string;
  day: number;
  days: number;
  cap?: number;
  used: number;
  deferred: number;
  bounced: number;
}>;

export type Progress = Readonly<{
  since: string;
  today: string;
  timeZone: string;
  done: boolean;
  idle: number;
  providers: readonly ProviderProgress[];
}>;

export type Transport = Readonly<{
  name: string;
  kind: 'smtp' | 'sandbox';
  address?: string;
  address6?: string;
  publicAddress?: string;
  ehlo?: string;
  pool: string;
  weight: number;
  /** Another relay that it goes by; "sealed" says that there is a password. */
  via?: Readonly<{ host: string; port: number; username?: string; password?: 'sealed' }>;
  warm?: boolean;
  paused: boolean;
  draining: boolean;
  origin: string;
  state: string;
  because?: Readonly<{ reason: string; since: number }>;
  progress?: Progress;
}>;

/** Named by its entry or by a transport. */
export type Pool = Readonly<{
  name: string;
  transports: readonly string[];
  users: readonly string[];
  fallback?: string;
  whenAllBad: 'use' | 'hold';
}>;

export type Tally = Readonly<{
  delivered: number;
  deferred: number;
  blocked: number;
  bounced: number;
  complained: number;
}>;

export type Findings = Readonly<{
  at: number;
  bind: Readonly<{ state: 'ok' | 'trouble' | 'unknown'; sentence: string }>;
  identity: readonly Readonly<{
    check: string;
    address: string;
    state: 'ok' | 'trouble' | 'hint' | 'unknown';
    sentence: string;
  }>[];
  listings: readonly Readonly<{
    address: string;
    list: string;
    at: number;
    listed?: Readonly<{ since: number; act: 'quarantine' | 'warn'; codes: readonly string[] }>;
  }>[];
  rates: Readonly<{ level: 'good' | 'bad' | 'worst'; reason: string }>;
  hour: Readonly<Record<string, Tally>>;
}>;
