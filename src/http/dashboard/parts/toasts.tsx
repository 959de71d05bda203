// Shows the toasts, and tells them to screen readers.
import { t } from '../lib/i18n.ts';
import { dismiss, toasts } from '../lib/toasts.ts';
import { Icon } from './icons.tsx';

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, kind, text, undo }) => (
        <div class={`toast ${kind}`} key={id}>
          <Icon name={kind === 'done' ? 'check' : 'warning'} />
          <p>{text}</p>
          {undo && (
            <button
              type="button"
              onClick={() => {
                dismiss(id);
                undo();
              }}
            >
              {t('common.undo')}
            </button>
          )}
          <button type="button" aria-label={t('common.close')} onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
