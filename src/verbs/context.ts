// What verbs need to change settings and look things up: filled in by the roles, or by a test.
import type { Clock } from '../lib/clock.ts';
import type { Day } from '../lib/day.ts';
import type { SenderRecord } from '../monitor/records.ts';
import type { Domains, ResolveTxt } from '../store/domains.ts';
import type { Warmup } from '../roles/warmup.ts';
import type { Sealer } from '../store/seal.ts';
import type { SettingsStore } from '../store/settings.ts';
import type { Recipients } from '../store/recipients.ts';
import type { Suppressions } from '../store/suppressions.ts';
import type { TemplateContent, Templates } from '../store/templates.ts';
import type { ResolveMx } from '../store/return-host.ts';
import type { ResolveHost } from '../store/tracking-host.ts';
import type { TransportStates } from '../store/transport-states.ts';
import type { Preview, PreviewWish } from './template.ts';

/** Addresses of ours; undefined where no feedback.domain is configured. */
export type OwnAddresses = Readonly<{
  domain: string;
  hostname: string;
  /** The address to register for feedback loops. */
  complaints: string;
  unsubscribe: string;
  /** Who reads mail to postmaster@ and abuse@. */
  postmaster: string | undefined;
}>;

export type VerbContext = Readonly<{
  settings: SettingsStore;
  domains: Domains;
  suppressions: Suppressions;
  templates: Templates;
  recipients: Recipients;
  states: Pick<TransportStates, 'stateOf'>;
  /** How far warm-ups are. */
  warmup: Pick<Warmup, 'overview'>;
  sealer: Sealer;
  /** Today in a time zone; undefined: that of the configuration. */
  today(zone: string | undefined): Day;
  hashPassword(password: string): Promise<string>;
  /** What is wrong with a Liquid template, as far as filling it in without values tells; undefined: nothing. */
  tryTemplate?(content: Omit<TemplateContent, 'at'>): Promise<string | undefined>;
  /** Fills a template in and sends nothing. */
  previewTemplate?(wish: PreviewWish): Promise<Preview>;
  resolveTxt: ResolveTxt;
  resolveHost: ResolveHost;
  /** Host of tracking.url; undefined where the configuration has none that others could reach. */
  trackingTarget: string | undefined;
  /** What the monitor says of a user; undefined: nothing. */
  sendingOf?(user: string): Promise<SenderRecord | undefined>;
  resolveMx: ResolveMx;
  /** Addresses of ours; undefined where the configuration has no feedback.domain. */
  feedback: OwnAddresses | undefined;
  clock: Clock;
}>;
