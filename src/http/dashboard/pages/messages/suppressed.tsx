// Says above the messages that an address is suppressed: what is refused at the door is in no list.
import { useAsk } from '../../lib/ask.ts';
import { moment } from '../../lib/format.ts';
import { t, word } from '../../lib/i18n.ts';
import { Notice } from '../../parts/basic.tsx';

type Entry = Readonly<{ at: number; reason: string }>;

export function SuppressedNotice({ address }: Readonly<{ address: string }>) {
  const path = `suppressions/${encodeURIComponent(address)}`;
  const [entry] = useAsk<Readonly<{ entries: readonly Entry[] }>>(path).value?.entries ?? [];
  if (!entry) return null;
  const reason = word('suppressed', entry.reason);
  return (
    <Notice tone="warn">
      {t('messages.suppressed', { address, at: moment(entry.at), reason })}{' '}
      <a href={`/suppressions?address=${encodeURIComponent(address)}`}>{t('message.suppressions')}</a>
    </Notice>
  );
}
