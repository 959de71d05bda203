// Our own shape: events as they are in the event log, signed as Standard Webhooks has it. Pure.
import { signedAs } from './parts.ts';
import { isSuccess, USER_AGENT, type Shape } from './shape.ts';

export const standard: Shape = {
  carries: 'many',
  key: 'whsec',
  word: ({ type }) => type,
  make: ({ id, events, url, secrets, at }) => {
    // Of the same events always the same body: only the time of sending is new when it is sent again.
    const told = new Date(events.at(-1)?.at ?? at).toISOString();
    const body = JSON.stringify({ type: 'postino.events', timestamp: told, data: { events } });
    const { headers, proofs } = signedAs(secrets, { id, at, body });
    return {
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': USER_AGENT, ...headers },
      body,
      proofs,
    };
  },
  isTaken: isSuccess,
};
