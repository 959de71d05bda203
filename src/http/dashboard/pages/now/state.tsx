// Beside the flow: alerts, what is slowed and why, and how each transport is.
import { momentInSentence, number } from '../../lib/format.ts';
import { t, word } from '../../lib/i18n.ts';
import { sayServer } from '../../lib/problems.ts';
import { About } from '../../parts/about.tsx';
import { Card, Status, Time } from '../../parts/basic.tsx';
import { TransportState } from '../../parts/transport.tsx';
import type { Alert, Limit, TransportNow } from './data.ts';

const MAX = 6;

export function Alerts({ alerts }: Readonly<{ alerts: readonly Alert[] }>) {
  return (
    <Card title={t('now.alerts')}>
      {alerts.length === 0 && <p class="soft">{t('now.noAlerts')}</p>}
      <ul class="list">
        {alerts.slice(0, MAX).map(({ id, at, kind, key, reason, advice, over }) => (
          <li key={id}>
            <div class="row between">
              {over ? (
                <Status tone="ok" icon="check-circle">
                  {t('now.over')}
                </Status>
              ) : (
                <Status tone="warn" icon="warning">
                  {t('now.open')}
                </Status>
              )}
              <span class="small quiet">
                <Time at={at} as="relative" />
              </span>
            </div>
            <p class="breaks">
              <About kind={kind} advice={advice} name={key} /> {sayServer(reason)}
            </p>
            {advice !== '' && <p class="small soft breaks">{sayServer(advice)}</p>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Slowed({ limits }: Readonly<{ limits: readonly Limit[] }>) {
  return (
    <Card title={t('now.slowed')}>
      {limits.length === 0 && <p class="soft">{t('now.nothingSlowed')}</p>}
      <ul class="list">
        {limits.slice(0, MAX).map(({ id, scope, key, does, why, until }) => (
          <li key={id}>
            <p class="breaks">
              <strong>{key}</strong> <span class="quiet">{word('scope', scope)}</span>: {does}
            </p>
            <p class="small soft breaks">
              {sayServer(why)}
              {until !== undefined && ` ${t('now.endsAt', { at: momentInSentence(until) })}`}
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Transports({ transports }: Readonly<{ transports: readonly TransportNow[] }>) {
  return (
    <Card title={t('now.transports')} actions={<a href="/transports">{t('now.allTransports')}</a>}>
      {transports.length === 0 && <p class="soft">{t('now.noTransports')}</p>}
      <ul class="list">
        {transports.map((one) => (
          <li key={one.name}>
            <div class="row between">
              <a class="plain-link" href={`/transports/${one.name}`}>
                <strong>{one.name}</strong>
              </a>
              <TransportState state={one.state} kind={one.kind} />
            </div>
            <p class="small soft figures">
              {[
                one.address,
                one.warmup && t('now.warmup', one.warmup),
                t('now.transportLoad', { waiting: number(one.waiting), sending: number(one.sending) }),
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
            {one.reason && <p class="small soft breaks">{sayServer(one.reason)}</p>}
          </li>
        ))}
      </ul>
    </Card>
  );
}
