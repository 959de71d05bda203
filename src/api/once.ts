// Idempotency-Key: a POST that a client repeats is done once, and answered the same for a day.
import { createHash } from 'node:crypto';
import type { Answer, Ask as HttpAsk } from '../http/exchange.ts';
import type { Principal } from '../model/access.ts';
import type { Idempotency, KeptAnswer } from '../store/idempotency.ts';
import { conflict, invalid, problem, type Problem } from './problem.ts';

/** Does the work unless it was done before; what is no good end may be tried again with the same key. */
export type Once = (
  principal: Principal,
  ask: HttpAsk,
  work: () => Promise<Answer>,
) => Promise<Answer | Problem>;

const MAX_KEY = 255;
const MAX_KEPT = 1024 * 1024;
const KEY = /^[ -~]{1,255}$/;

export function makeOnce(store: Idempotency): Once {
  return async (principal, ask, work) => {
    const key = ask.header('idempotency-key');
    if (ask.method !== 'POST' || key === undefined || principal.name === '') return work();
    if (!KEY.test(key)) return badKey;
    const owner = `${principal.account} ${principal.via} ${principal.name}`;
    const request = requestOf(ask);
    const begun = await store.begin(owner, key, request);
    if (begun.kind === 'busy') return busy;
    if (begun.kind === 'other') return other;
    if (begun.kind === 'done') return replay(begun.answer);
    const answer = await work().catch(async (error: unknown) => {
      await store.forget(owner, key).catch(() => undefined);
      throw error;
    });
    const { status, type, body, headers } = answer;
    const location = headers?.['location'];
    const more = location === undefined ? {} : { location };
    if (status < 400 && typeof body === 'string' && body.length <= MAX_KEPT)
      await store.finish(owner, key, request, { status, type, body, ...more });
    else await store.forget(owner, key);
    return answer;
  };
}

function replay({ location, ...answer }: KeptAnswer): Answer {
  const where = location === undefined ? {} : { location };
  return { ...answer, headers: { 'idempotent-replayed': 'true', ...where } };
}

function requestOf({ method, path, query, type, body }: HttpAsk): string {
  const content = createHash('sha256').update(body).digest('base64url');
  return JSON.stringify([method, path, query.toString(), type, content]);
}

const badKey = problem(
  400,
  'Bad request',
  `An Idempotency-Key is 1 to ${MAX_KEY} printable characters of ASCII.`,
);
const busy = {
  ...conflict('A request with this Idempotency-Key is under way; ask again in a moment.'),
  retryAfterS: 2,
};
const other = invalid('This Idempotency-Key was used for another request; make a new one for each.');
