// How a delivery's state looks: icon, word and colour; and the icons of events.
import { t, word } from '../lib/i18n.ts';
import { isCaught } from '../lib/say.ts';
import type { DeliveryRow } from '../lib/types.ts';
import { Status, type Tone } from './basic.tsx';
import type { IconName } from './icons.tsx';

type Look = Readonly<{ tone: Tone; icon: IconName }>;

const looks: Readonly<Record<string, Look>> = {
  accepted: { tone: 'still', icon: 'inbound' },
  queued: { tone: 'wait', icon: 'clock' },
  deferred: { tone: 'warn', icon: 'again' },
  delivered: { tone: 'ok', icon: 'check-circle' },
  bounced: { tone: 'bad', icon: 'cross-circle' },
  expired: { tone: 'bad', icon: 'cross-circle' },
  dropped: { tone: 'bad', icon: 'minus' },
  cancelled: { tone: 'still', icon: 'minus' },
  opened: { tone: 'ok', icon: 'eye' },
  clicked: { tone: 'ok', icon: 'click' },
  unsubscribed: { tone: 'warn', icon: 'unsubscribe' },
  complained: { tone: 'bad', icon: 'complaint' },
};

/** Of a delivery's state, or an event's type. */
export const lookOf = (type: string): Look => looks[type] ?? { tone: 'still', icon: 'info' };

export function DeliveryState({ row }: Readonly<{ row: Pick<DeliveryRow, 'status' | 'site'> }>) {
  if (row.status === 'delivered' && isCaught(row))
    return (
      <Status tone="wait" icon="sandbox">
        {t('status.caught')}
      </Status>
    );
  return <Status {...lookOf(row.status)}>{word('status', row.status)}</Status>;
}
