// What can be done about one delivery: try it now, or cancel it.
import { useState } from 'preact/hooks';
import { post } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { sayProblem } from '../../lib/problems.ts';
import { may } from '../../lib/session.ts';
import { tell, tellProblem } from '../../lib/toasts.ts';
import type { DeliveryRow } from '../../lib/types.ts';
import { Button } from '../../parts/basic.tsx';
import { Confirm } from '../../parts/dialog.tsx';

/** How many deliveries were changed, and how many were left alone since they are being sent. */
type Changed = Readonly<{ changed: number; busy: number }>;
type Props = Readonly<{ row: DeliveryRow; done(): void }>;

export function MessageActions({ row, done }: Props) {
  const [asks, setAsks] = useState(false);
  const { delivery, recipient, status } = row;
  const waits = status === 'queued' || status === 'deferred';
  const act = async (verb: 'retry' | 'cancel', said: string): Promise<void> => {
    const answer = await post<Changed>(`queue/${verb}`, { id: delivery });
    if (!answer.ok) tellProblem(t('common.failed', { problem: sayProblem(answer.problem) }));
    else if (answer.value.changed > 0) tell(said);
    else tellProblem(t(answer.value.busy > 0 ? 'message.busy' : 'message.idle'));
    done();
  };
  if (!waits || !may('queue:write')) return null;
  return (
    <>
      <Button icon="bolt" onClick={() => void act('retry', t('message.retried'))}>
        {t('message.retry')}
      </Button>
      <Button icon="close" kind="danger" onClick={() => setAsks(true)}>
        {t('message.cancel')}
      </Button>
      <Confirm
        open={asks}
        onClose={() => setAsks(false)}
        title={t('message.cancelTitle')}
        text={t('message.cancelText', { recipient })}
        action={t('message.cancel')}
        onConfirm={() => act('cancel', t('message.cancelled'))}
      />
    </>
  );
}
