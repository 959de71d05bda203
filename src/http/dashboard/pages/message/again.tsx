// Sending a message again: the button with its one question, and the way from one to the other.
import { useState } from 'preact/hooks';
import { post } from '../../lib/api.ts';
import { momentInSentence } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { sayProblem } from '../../lib/problems.ts';
import { may } from '../../lib/session.ts';
import { tell, tellProblem } from '../../lib/toasts.ts';
import { Button } from '../../parts/basic.tsx';
import { Confirm } from '../../parts/dialog.tsx';

/** Where the message still is, and as which it was sent again. */
export type Kept = Readonly<{
  where?: 'queue' | 'archive';
  resent: readonly Readonly<{ id: string; of: string; at: number }>[];
}>;

type Props = Readonly<{ id: string; to: string; done(): void }>;

export function SendAgain({ id, to, done }: Props) {
  const [asks, setAsks] = useState(false);
  const send = async (): Promise<void> => {
    const answer = await post<Readonly<{ id: string }>>(`messages/${encodeURIComponent(id)}/resend`, {});
    if (answer.ok) tell(t('message.resent'));
    else tellProblem(t('common.failed', { problem: sayProblem(answer.problem) }));
    done();
  };
  if (!may('messages:send')) return null;
  return (
    <>
      <Button icon="again" onClick={() => setAsks(true)}>
        {t('message.resend')}
      </Button>
      <Confirm
        open={asks}
        onClose={() => setAsks(false)}
        title={t('message.resendTitle')}
        text={t('message.resendText', { recipient: to })}
        action={t('message.resend')}
        onConfirm={send}
      />
    </>
  );
}

/** The messages by which it was sent again. */
export function SentAgain({ resent = [] }: Readonly<{ resent: Kept['resent'] | undefined }>) {
  return (
    <>
      {resent.map(({ id, at }) => (
        <p key={id}>
          {t('message.resentAt', { at: momentInSentence(at) })}{' '}
          <a href={`/messages/${id}`}>{t('message.toNew')}</a>
        </p>
      ))}
    </>
  );
}
