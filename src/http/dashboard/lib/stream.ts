// Live events of the server (SSE), connected again when the line breaks, with what was missed meanwhile.
import { useEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';
import { address, type Query } from './api.ts';
import { after } from './time.ts';
import { eventTypes } from './types.ts';

/** Whether the last stream that was opened has a line to the server. */
export const live = signal(false);

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;

/** Opens a stream; every message's JSON goes to `take`. The returned function closes it. */
export function openStream<T>(path: string, query: Query, take: (event: T) => void): () => void {
  let waitMs = FIRST_WAIT_MS;
  let source: EventSource | undefined;
  let cancel = (): void => undefined;
  const open = (): void => {
    source = new EventSource(address(path, query));
    source.onopen = () => {
      waitMs = FIRST_WAIT_MS;
      live.value = true;
    };
    // Every event comes under the name of its type.
    for (const type of eventTypes)
      source.addEventListener(type, ({ data }) => {
        const event: T = JSON.parse(String(data));
        take(event);
      });
    source.onerror = () => {
      live.value = false;
      // The browser connects again by itself after a broken line, but not after an answer such as 503.
      if (source?.readyState !== EventSource.CLOSED) return;
      cancel = after(waitMs, open);
      waitMs = Math.min(waitMs * 2, MAX_WAIT_MS);
    };
  };
  open();
  return () => {
    cancel();
    source?.close();
    live.value = false;
  };
}

/** A stream for as long as the component is there. */
export function useStream<T>(path: string, query: Query, take: (event: T) => void): void {
  const latest = useRef(take);
  latest.current = take;
  const key = JSON.stringify(query);
  useEffect(() => {
    const asked: Query = JSON.parse(key);
    return openStream<T>(path, asked, (event) => latest.current(event));
  }, [path, key]);
}
