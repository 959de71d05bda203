// All that happened to one delivery, oldest first: each event as a sentence, attempts with what the server said.
import { span } from '../../lib/format.ts';
import { t, word } from '../../lib/i18n.ts';
import { sayEvent } from '../../lib/say.ts';
import type { MailEvent } from '../../lib/types.ts';
import { Card, Time } from '../../parts/basic.tsx';
import { lookOf } from '../../parts/delivery.tsx';
import { Icon } from '../../parts/icons.tsx';

export function Story({ events }: Readonly<{ events: readonly MailEvent[] }>) {
  return (
    <Card>
      <ol class="story">
        {events.map((event) => (
          <Step key={event.id} event={event} />
        ))}
      </ol>
    </Card>
  );
}

function Step({ event }: Readonly<{ event: MailEvent }>) {
  const { tone, icon } = lookOf(event.type);
  const { attempt, reply, conversation, notes = [] } = event;
  return (
    <li class={tone}>
      <span class="mark">
        <Icon name={icon} />
      </span>
      <div class="stack tight-stack">
        <div class="row between">
          <strong>
            {word('status', event.type)}
            {attempt !== undefined && (
              <span class="quiet"> · {t('message.attempt', { number: attempt })}</span>
            )}
          </strong>
          <Time at={event.at} as="exact" />
        </div>
        <p class="breaks">{sayEvent(event)}</p>
        {event.resendOf && (
          <p>
            {t('message.resendOf')} <a href={`/messages/${event.resendOf}`}>{t('message.toEarlier')}</a>
          </p>
        )}
        {reply && (
          <p class="soft breaks">
            <q>{[reply.code, reply.status, reply.text].filter(Boolean).join(' ')}</q>
          </p>
        )}
        <Way event={event} />
        {notes.length > 0 && (
          <p class="small quiet">
            {t('message.notes')}: {notes.join(' ')}
          </p>
        )}
        {conversation !== undefined && (
          <details class="small">
            <summary>{t('message.conversation')}</summary>
            <pre class="conversation" tabIndex={0}>
              {conversation}
            </pre>
          </details>
        )}
      </div>
    </li>
  );
}

/** How an attempt went: by which of our addresses, to which host, how it was encrypted, how long it took. */
function Way({ event }: Readonly<{ event: MailEvent }>) {
  const { transport, localAddress, host, address, tls, ms, attempt } = event;
  if (attempt === undefined) return null;
  const parts = [
    transport && (localAddress ? `${transport} (${localAddress})` : transport),
    host && `→ ${host}${address && address !== host ? ` (${address})` : ''}`,
    host && `${t('message.tls')}: ${tls ?? t('message.noTls')}`,
    ms !== undefined && span(ms),
  ].filter((one) => typeof one === 'string');
  return <p class="small quiet breaks">{parts.join(' · ')}</p>;
}
