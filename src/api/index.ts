// The API: every table of endpoints. A new endpoint is an entry of one of them.
import type { ApiContext } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import { limitEndpoints } from './limits.ts';

export const endpoints: readonly Endpoint<ApiContext>[] = [...limitEndpoints];
