// The first page: what comes in and goes out, what waits and why, what is slowed, how the transports are.
import { useAsk } from '../lib/ask.ts';
import { number, share } from '../lib/format.ts';
import { plural, t } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Card, PageHead, Shown } from '../parts/basic.tsx';
import type { Now } from './now/data.ts';
import { Flow } from './now/flow.tsx';
import { LiveList } from './now/live.tsx';
import { Alerts, Slowed, Transports } from './now/state.tsx';
import { FirstSteps } from './now/first-steps.tsx';
import { Queue } from './now/queue.tsx';

const EVERY_MS = 4000;

export function NowPage() {
  useTitle(t('nav.now'));
  const asked = useAsk<Now>('overview', {}, EVERY_MS);
  return (
    <>
      <PageHead title={t('nav.now')} lead={t('now.lead')} />
      <Shown of={asked} lines={10}>
        {(now) => (
          <>
            <Tiles now={now} />
            {now.flow.every(({ accepted, delivered }) => accepted + delivered === 0) && (
              <FirstSteps now={now} />
            )}
            <div class="grid main-side">
              <div class="stack">
                <Card title={t('now.flow')} note={t('now.flowNote')}>
                  <Flow minutes={now.flow} until={now.at} />
                </Card>
                <Queue now={now} />
              </div>
              <div class="stack">
                {may('alerts:read') && <Alerts alerts={now.alerts} />}
                <Slowed limits={now.limits} />
                {may('transports:read') && <Transports transports={now.transports} />}
              </div>
            </div>
          </>
        )}
      </Shown>
      <LiveList />
    </>
  );
}

function Tiles({ now }: Readonly<{ now: Now }>) {
  const sum = (name: 'accepted' | 'delivered' | 'deferred' | 'bounced'): number =>
    now.flow.reduce((total, minute) => total + minute[name], 0);
  const { waiting, later, sending, paused, quarantined } = now.queue;
  const ended = sum('delivered') + sum('bounced');
  return (
    <div class="tiles">
      <a class="tile" href="/messages">
        <span class="name">{t('now.accepted')}</span>
        <span class="value">{number(sum('accepted'))}</span>
        <span class="note">{t('now.lastHour')}</span>
      </a>
      <a class="tile" href="/messages?status=delivered">
        <span class="name">{t('now.delivered')}</span>
        <span class="value">{number(sum('delivered'))}</span>
        <span class="note">
          {ended === 0 ? t('now.lastHour') : t('now.share', { share: share(sum('delivered'), ended) })}
        </span>
      </a>
      <a class="tile" href="/messages?status=queued">
        <span class="name">{t('now.waiting')}</span>
        <span class="value">{number(waiting + later + sending + paused)}</span>
        <span class="note">
          {[
            sending > 0 && plural('now.sending', sending),
            later > 0 && plural('now.later', later),
            paused > 0 && plural('now.paused', paused),
            quarantined > 0 && plural('now.quarantined', quarantined),
          ]
            .filter(Boolean)
            .join(', ') || t('now.nothingElse')}
        </span>
      </a>
      <a class="tile" href="/messages?status=bounced">
        <span class="name">{t('now.bounced')}</span>
        <span class="value">{number(sum('bounced'))}</span>
        <span class="note">{plural('now.deferrals', sum('deferred'))}</span>
      </a>
    </div>
  );
}
