// Sending a message again: the button with its one question, who gets it, and the way from one to the other.
import { useState } from 'preact/hooks';
import { post } from '../../lib/api.ts';
import { momentInSentence } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { may } from '../../lib/session.ts';
import { tell } from '../../lib/toasts.ts';
import { Button } from '../../parts/basic.tsx';
import { Fields, FormDialog, useForm } from '../../parts/forms.tsx';

/** Where the message still is, and as which it was sent again. */
export type Kept = Readonly<{
  where?: 'queue' | 'archive';
  resent: readonly Readonly<{ id: string; of: string; at: number }>[];
}>;

type Props = Readonly<{
  id: string;
  /** Its recipient, or how many there are. */
  to: string;
  /** Whether it may go to somebody else: only one recipient can be replaced. */
  isOne: boolean;
  done(): void;
}>;

export function SendAgain(props: Props) {
  const [asks, setAsks] = useState(false);
  if (!may('messages:send')) return null;
  return (
    <>
      <Button icon="again" onClick={() => setAsks(true)}>
        {t('message.resend')}
      </Button>
      {asks && <Question {...props} onClose={() => setAsks(false)} />}
    </>
  );
}

function Question({ id, to, isOne, done, onClose }: Props & Readonly<{ onClose(): void }>) {
  const form = useForm({ to });
  const wanted = form.values.to.trim();
  const body = isOne && wanted !== to ? { to: wanted } : {};
  const send = () => post<Readonly<{ id: string }>>(`messages/${encodeURIComponent(id)}/resend`, body);
  const sent = (): void => {
    tell(t('message.resent'));
    done();
  };
  return (
    <FormDialog
      title={t('message.resendTitle')}
      action={t('message.resend')}
      open
      onClose={onClose}
      send={send}
      onDone={sent}
    >
      {(problem) => (
        <>
          <p>{isOne ? t('message.resendOne') : t('message.resendText', { recipient: to })}</p>
          {isOne && (
            <Fields
              form={form}
              problem={problem}
              of={[{ name: 'to', label: t('message.resendTo'), required: true }]}
            />
          )}
        </>
      )}
    </FormDialog>
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
