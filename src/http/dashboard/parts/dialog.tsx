// Dialogs by the browser's own <dialog>: focus stays in it, Escape closes it; and the one question before something is lost.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../lib/i18n.ts';
import { Button } from './basic.tsx';

export type DialogProps = Readonly<{
  title: string;
  open: boolean;
  onClose(): void;
  size?: 'wide';
  children: ComponentChildren;
}>;

export function Dialog({ title, open, onClose, size, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (open && dialog && !dialog.open) dialog.showModal();
  }, [open]);
  if (!open) return null;
  return (
    <dialog class={`dialog ${size ?? ''}`} ref={element} aria-labelledby={id} onClose={onClose}>
      <div class="inside">
        <div class="row between">
          <h2 id={id}>{title}</h2>
          <Button
            kind="plain"
            size="small"
            icon="close"
            label={t('common.close')}
            onClick={() => element.current?.close()}
          />
        </div>
        {children}
      </div>
    </dialog>
  );
}

export type ConfirmProps = Readonly<{
  title: string;
  text: ComponentChildren;
  /** What the button says that does it: a verb. */
  action: string;
  kind?: 'danger primary' | 'primary';
  open: boolean;
  onClose(): void;
  /** Does it; the dialog closes when it is done. */
  onConfirm(): Promise<void> | void;
}>;

/** Asks once before something that cannot be taken back. */
export function Confirm({ title, text, action, kind = 'danger primary', ...rest }: ConfirmProps) {
  const { open, onClose, onConfirm } = rest;
  const [busy, setBusy] = useState(false);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    await onConfirm();
    setBusy(false);
    onClose();
  };
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      <div>{text}</div>
      <div class="buttons">
        <Button onClick={onClose} autofocus>
          {t('common.keep')}
        </Button>
        <Button kind={kind} disabled={busy} onClick={() => void confirm()}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
