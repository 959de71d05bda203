// One transport: its state and why, its warm-up against the plan, what the world thinks of it, and what can be done.
import { useRoute } from 'preact-iso/router';
import { useAsk } from '../lib/ask.ts';
import { t } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { sayServer } from '../lib/problems.ts';
import { useTitle } from '../lib/title.ts';
import { Notice, PageHead, Shown, Time } from '../parts/basic.tsx';
import { FactsCard } from '../parts/facts.tsx';
import { TransportState } from '../parts/transport.tsx';
import type { Findings, Transport } from './transports/data.ts';
import { TransportDeeds } from './transports/deeds.tsx';
import { EditTransport } from './transports/edit.tsx';
import { Checks, Rates } from './transports/findings.tsx';
import { Warmup } from './transports/warmup.tsx';
import { pathOf } from './users/data.ts';

const EVERY_MS = 10_000;

export function TransportPage() {
  const name = useRoute().params['name'] ?? '';
  const path = pathOf('transports', name);
  const asked = useAsk<Transport>(path, {}, EVERY_MS);
  const found = useAsk<Findings>(`${path}/findings`, {}, EVERY_MS);
  const { value } = asked;
  useTitle(name);
  return (
    <>
      <PageHead
        title={<span class="breaks">{name}</span>}
        back={{ href: '/transports', text: t('nav.transports') }}
        lead={value && <TransportState state={value.state} kind={value.kind} />}
      >
        {value && may('transports:write') && (
          <TransportDeeds
            transport={value}
            again={() => {
              asked.again();
              found.again();
            }}
          />
        )}
      </PageHead>
      <Shown of={asked}>
        {(transport) => (
          <>
            {transport.because && (
              <Notice tone={transport.state === 'quarantined' ? 'bad' : 'still'}>
                {sayServer(transport.because.reason)} <Time at={transport.because.since} as="relative" />
              </Notice>
            )}
            {transport.progress && <Warmup name={name} progress={transport.progress} />}
            {transport.kind === 'smtp' && (
              <Shown of={found}>
                {(findings) => (
                  <>
                    <Checks name={name} findings={findings} again={found.again} />
                    <Rates findings={findings} />
                  </>
                )}
              </Shown>
            )}
            <Facts transport={transport} again={asked.again} />
          </>
        )}
      </Shown>
    </>
  );
}

function Facts({ transport, again }: Readonly<{ transport: Transport; again(): void }>) {
  const { name, origin } = transport;
  return (
    <FactsCard
      title={t('transports.facts')}
      mayChange={may('transports:write') && origin !== 'file'}
      edit={(onClose) => <EditTransport transport={transport} onClose={onClose} onDone={again} />}
      drop={{
        title: t('users.removeTitle', { name }),
        text: t('transports.removeAsk'),
        path: pathOf('transports', name),
        done: t('users.done.remove', { name }),
        next: '/transports',
      }}
    >
      <FactList transport={transport} />
    </FactsCard>
  );
}

function FactList({ transport }: Readonly<{ transport: Transport }>) {
  const { address, address6, publicAddress, ehlo, pool, weight, via, origin } = transport;
  const rows = [
    [t('transports.address'), address],
    [t('transports.address6'), address6],
    [t('transports.public'), publicAddress],
    [t('transports.ehlo'), ehlo],
    [t('transports.via'), via && `${via.host}:${via.port}`],
    [t('users.pool'), pool],
    [t('transports.weight'), String(weight)],
    [t('common.origin'), origin === 'file' ? t('common.byFile') : t('common.byHand')],
  ] as const;
  return (
    <dl class="pairs">
      {rows
        .filter(([, value]) => value !== undefined)
        .map(([title, value]) => [<dt key={title}>{title}</dt>, <dd key={`${title} value`}>{value}</dd>])}
    </dl>
  );
}
