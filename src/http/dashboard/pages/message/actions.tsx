// What can be done about one delivery: try it now, cancel it, send it again.
import { useState } from 'preact/hooks';
import { post } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { may } from '../../lib/session.ts';
import { tell, tellProblem } from '../../lib/toasts.ts';
import type { DeliveryRow } from '../../lib/types.ts';
import { Button, sayProblem } from '../../parts/basic.tsx';
import { Confirm } from '../../parts/dialog.tsx';

type Props = Readonly<{ row: DeliveryRow; done(): void }>;

export function MessageActions({ row, done }: Props) {
  const [asks, setAsks] = useState<'cancel' | 'resend' | undefined>(undefined);
  const { delivery, recipient, status } = row;
  const waits = status === 'queued' || status === 'deferred';
  const act = async (verb: 'resend' | 'retry' | 'cancel', said: string): Promise<void> => {
    const answer = await post(`messages/${encodeURIComponent(delivery)}/${verb}`);
    if (answer.ok) tell(said);
    else tellProblem(t('common.failed', { problem: sayProblem(answer.problem) }));
    done();
  };
  return (
    <>
      {waits && may('queue:write') && (
        <>
          <Button icon="bolt" onClick={() => void act('retry', t('message.retried'))}>
            {t('message.retry')}
          </Button>
          <Button icon="close" kind="danger" onClick={() => setAsks('cancel')}>
            {t('message.cancel')}
          </Button>
        </>
      )}
      {!waits && may('messages:send') && (
        <Button icon="send" onClick={() => setAsks('resend')}>
          {t('message.resend')}
        </Button>
      )}
      <Confirm
        open={asks === 'cancel'}
        onClose={() => setAsks(undefined)}
        title={t('message.cancelTitle')}
        text={t('message.cancelText', { recipient })}
        action={t('message.cancel')}
        onConfirm={() => act('cancel', t('message.cancelled'))}
      />
      <Confirm
        open={asks === 'resend'}
        onClose={() => setAsks(undefined)}
        title={t('message.resendTitle')}
        text={t('message.resendText', { recipient })}
        action={t('message.resend')}
        kind="primary"
        onConfirm={() => act('resend', t('message.resent'))}
      />
    </>
  );
}
