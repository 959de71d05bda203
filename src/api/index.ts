// The API: every table of endpoints. A new endpoint is an entry of one of them.
import { batchEndpoints } from './batch.ts';
import type { ApiContext } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import { keyEndpoints } from './keys.ts';
import { limitEndpoints } from './limits.ts';
import { memberEndpoints } from './members.ts';
import { processEndpoints } from './processes.ts';
import { sessionEndpoints } from './session.ts';
import { webhookEndpoints } from './webhooks.ts';

export const endpoints: readonly Endpoint<ApiContext>[] = [
  ...sessionEndpoints,
  ...memberEndpoints,
  ...keyEndpoints,
  ...batchEndpoints,
  ...processEndpoints,
  ...limitEndpoints,
  ...webhookEndpoints,
];
