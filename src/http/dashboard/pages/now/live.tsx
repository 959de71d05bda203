// What happens this very moment, event by event, newest first.
import { useState } from 'preact/hooks';
import { t, word } from '../../lib/i18n.ts';
import { sayEvent } from '../../lib/say.ts';
import { may } from '../../lib/session.ts';
import { live, useStream } from '../../lib/stream.ts';
import type { MailEvent } from '../../lib/types.ts';
import { Button, Card, Status, Time } from '../../parts/basic.tsx';
import { lookOf } from '../../parts/delivery.tsx';

const SHOWN = 12;

export function LiveList() {
  return may('events:read') ? <Live /> : null;
}

function Live() {
  const [events, setEvents] = useState<readonly MailEvent[]>([]);
  const [paused, setPaused] = useState(false);
  useStream<MailEvent>('events/stream', {}, (event) => {
    if (paused || event.delivery === '') return;
    setEvents((last) => [event, ...last.filter(({ id }) => id !== event.id)].slice(0, SHOWN));
  });
  return (
    <Card
      title={t('now.live')}
      note={live.value ? t('now.liveOn') : t('now.liveOff')}
      actions={
        <Button size="small" icon={paused ? 'play' : 'pause'} onClick={() => setPaused(!paused)}>
          {paused ? t('now.goOn') : t('now.stop')}
        </Button>
      }
    >
      {events.length === 0 && <p class="soft">{t('now.liveNone')}</p>}
      <ul class="live">
        {events.map((event) => (
          <li key={event.id}>
            <Time at={event.at} />
            <Status {...lookOf(event.type)}>{word('status', event.type)}</Status>
            <a class="breaks plain-link" href={`/messages/${event.delivery}`}>
              {event.recipient}
            </a>
            <span class="soft breaks">{sayEvent(event)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
