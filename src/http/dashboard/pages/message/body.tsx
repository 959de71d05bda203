// The message itself: as its recipient sees it, in a frame that may do nothing, and its source as text.
import { address } from '../../lib/api.ts';
import { useAsk } from '../../lib/ask.ts';
import { t } from '../../lib/i18n.ts';
import { Notice, Shown } from '../../parts/basic.tsx';
import { MailFrame } from '../../parts/mail-frame.tsx';

type Props = Readonly<{ id: string }>;

export function MessageBody({ id }: Props) {
  return (
    <MailFrame
      src={address(`messages/${encodeURIComponent(id)}/view`)}
      title={t('message.frame')}
      gone={t('message.noSource')}
    />
  );
}

export function MessageSource({ id }: Props) {
  const asked = useAsk<string>(`messages/${encodeURIComponent(id)}/source`);
  if (asked.problem?.status === 404) return <Notice>{t('message.noSource')}</Notice>;
  return (
    <Shown of={asked} lines={10}>
      {(source) => (
        <pre class="source" tabIndex={0}>
          {source}
        </pre>
      )}
    </Shown>
  );
}
