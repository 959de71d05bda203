// What endpoints need, beside what each table of them asks for itself: filled in by roles/api.ts.
import type { Gate } from '../http/gate.ts';
import type { Sessions } from '../http/session.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import type { Settings } from '../model/settings.ts';
import type { Members } from '../store/members.ts';
import type { EventsContext } from './events.ts';
import type { SendContext } from './hand-in.ts';
import type { VerbContext } from '../verbs/context.ts';
import type { MonitorApi } from './monitoring.ts';
import type { MessageSourceApi } from './message-source.ts';
import type { MessagesKeptApi } from './messages-kept.ts';
import type { MessagesReadApi } from './messages-read.ts';
import type { OverviewApi } from './overview.ts';
import type { ProcessVerbs } from './processes.ts';
import type { QueueApi } from './queue.ts';
import type { SandboxApi } from './sandbox.ts';
import type { SettingsApi } from './settings.ts';
import type { TemplateApi } from './templates.ts';
import type { AlertVerbs } from '../verbs/alert.ts';
import type { BatchVerbs } from '../verbs/batch.ts';
import type { GuideVerbs } from '../verbs/guide.ts';
import type { ForgetVerbs } from '../verbs/forget.ts';
import type { HistoryVerbs } from '../verbs/history.ts';
import type { CheckVerbs } from '../verbs/check.ts';
import type { KeyVerbs } from '../verbs/key.ts';
import type { LimitVerbs } from '../verbs/limit.ts';
import type { MemberVerbs } from '../verbs/member.ts';
import type { QuarantineVerbs } from '../verbs/quarantine.ts';
import type { WebhookVerbs } from '../verbs/webhook.ts';

/** Who may come in. */
export type AccessContext = Readonly<{
  members: Members;
  sessions: Sessions;
  gate: Gate;
  settingsNow(): Settings;
  hashPassword(password: string): Promise<string>;
  clock: Clock;
  log: Log;
}>;

/** The frame's own needs. */
export type FrameContext = AccessContext & Readonly<{ redis: Redis; prefix: string }>;

/** Everything. A new table of endpoints adds what it needs here. */
export type ApiContext = FrameContext &
  SendContext &
  EventsContext &
  VerbContext &
  BatchVerbs &
  ProcessVerbs &
  AlertVerbs &
  CheckVerbs &
  GuideVerbs &
  HistoryVerbs &
  ForgetVerbs &
  LimitVerbs &
  MonitorApi &
  MessageSourceApi &
  MessagesReadApi &
  MessagesKeptApi &
  OverviewApi &
  QuarantineVerbs &
  QueueApi &
  SandboxApi &
  SettingsApi &
  TemplateApi &
  MemberVerbs &
  KeyVerbs &
  WebhookVerbs;
