// The API: every table of endpoints. A new endpoint is an entry of one of them.
import { alertEndpoints } from './alerts.ts';
import { batchEndpoints } from './batch.ts';
import type { ApiContext } from './context.ts';
import { domainEndpoints } from './domains.ts';
import type { Endpoint } from './endpoint.ts';
import { eventEndpoints } from './events.ts';
import { guideEndpoints } from './guides.ts';
import { keyEndpoints } from './keys.ts';
import { limitEndpoints } from './limits.ts';
import { memberEndpoints } from './members.ts';
import { messageHeatEndpoints } from './message-heat.ts';
import { messageSourceEndpoints } from './message-source.ts';
import { messagesKeptEndpoints } from './messages-kept.ts';
import { messageReadEndpoints } from './messages-read.ts';
import { checkEndpoints, monitorEndpoints } from './monitoring.ts';
import { overviewEndpoints } from './overview.ts';
import { poolEndpoints } from './pools.ts';
import { processEndpoints } from './processes.ts';
import { quarantineEndpoints } from './quarantine.ts';
import { queueEndpoints } from './queue.ts';
import { recipientEndpoints } from './recipients.ts';
import { sandboxEndpoints } from './sandbox.ts';
import { sendEndpoints } from './send.ts';
import { sessionEndpoints } from './session.ts';
import { settingsEndpoints } from './settings.ts';
import { smtpPlusEndpoints } from './smtpplus.ts';
import { statisticsEndpoints } from './statistics.ts';
import { suppressionEndpoints } from './suppressions.ts';
import { templateEndpoints } from './templates.ts';
import { transportEndpoints } from './transports.ts';
import { userEndpoints } from './users.ts';
import { webhookEndpoints } from './webhooks.ts';

export const endpoints: readonly Endpoint<ApiContext>[] = [
  ...sessionEndpoints,
  ...memberEndpoints,
  ...keyEndpoints,
  ...sendEndpoints,
  ...messageReadEndpoints,
  ...messageSourceEndpoints,
  ...messagesKeptEndpoints,
  ...messageHeatEndpoints,
  ...statisticsEndpoints,
  ...eventEndpoints,
  ...smtpPlusEndpoints,
  ...batchEndpoints,
  ...processEndpoints,
  ...userEndpoints,
  ...guideEndpoints,
  ...domainEndpoints,
  ...poolEndpoints,
  ...transportEndpoints,
  ...monitorEndpoints,
  ...checkEndpoints,
  ...limitEndpoints,
  ...queueEndpoints,
  ...quarantineEndpoints,
  ...suppressionEndpoints,
  ...recipientEndpoints,
  ...templateEndpoints,
  ...alertEndpoints,
  ...overviewEndpoints,
  ...sandboxEndpoints,
  ...settingsEndpoints,
  ...webhookEndpoints,
];
