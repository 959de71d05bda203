// The one door to the browser's clock and timers.

/** Epoch milliseconds. */
export const now = (): number => Date.now();

/** Calls once after `ms`; the returned function cancels. */
export function after(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}

/** Calls every `ms` while the page can be seen, and at once when it is seen again; the returned function ends it. */
export function everyWhileSeen(ms: number, call: () => void): () => void {
  const tick = (): void => {
    if (!document.hidden) call();
  };
  const timer = setInterval(tick, ms);
  document.addEventListener('visibilitychange', tick);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', tick);
  };
}
