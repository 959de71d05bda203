// Short messages at the bottom of the page: what was done, with a way back where there is one.
import { signal } from '@preact/signals';
import { after } from './time.ts';

export type Toast = Readonly<{
  id: number;
  kind: 'done' | 'failed';
  text: string;
  /** Takes back what was done. */
  undo?: () => void;
}>;

const SHOWN_MS = 6000;
const SHOWN_WITH_UNDO_MS = 10_000;
const MAX = 4;
let last = 0;

export const toasts = signal<readonly Toast[]>([]);

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function tell(text: string, undo?: () => void): void {
  show({ kind: 'done', text, ...(undo ? { undo } : {}) });
}

/** A failure stays until it is dismissed. */
export function tellProblem(text: string): void {
  show({ kind: 'failed', text });
}

/**
 * Does something a little later, so that it can be taken back: `hide` changes the page at once, `restore` undoes that,
 * `commit` tells the server when nobody took it back. Leaving the page commits.
 */
export function undoable(
  text: string,
  steps: Readonly<{ hide(): void; restore(): void; commit(): void }>,
): void {
  let open = true;
  const end = (finish: () => void): void => {
    if (!open) return;
    open = false;
    cancel();
    removeEventListener('pagehide', commit);
    dismiss(id);
    finish();
  };
  const commit = (): void => end(steps.commit);
  const cancel = after(SHOWN_WITH_UNDO_MS, commit);
  addEventListener('pagehide', commit);
  steps.hide();
  const id = show({ kind: 'done', text, undo: () => end(steps.restore) });
}

function show(toast: Omit<Toast, 'id'>): number {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-(MAX - 1)), { ...toast, id }];
  if (toast.kind === 'done') after(toast.undo ? SHOWN_WITH_UNDO_MS : SHOWN_MS, () => dismiss(id));
  return id;
}
