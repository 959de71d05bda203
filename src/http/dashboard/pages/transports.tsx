// Transports: the addresses that mail leaves from, with their states and warm-ups; and the pools that they belong to.
import { useState } from 'preact/hooks';
import { usePages } from '../lib/ask.ts';
import { number } from '../lib/format.ts';
import { t } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, Empty, PageHead } from '../parts/basic.tsx';
import { PagedTable, type Column } from '../parts/table.tsx';
import { TransportState } from '../parts/transport.tsx';
import { AddTransport } from './transports/add.tsx';
import type { Transport } from './transports/data.ts';
import { Pools } from './transports/pools.tsx';

const LIMIT = 200;
const EVERY_MS = 10_000;

export function TransportsPage() {
  const [adds, setAdds] = useState(false);
  const pages = usePages<Transport>('transports', { limit: LIMIT }, EVERY_MS);
  useTitle(t('nav.transports'));
  const add = may('transports:write') && (
    <Button kind="primary" icon="plus" onClick={() => setAdds(true)}>
      {t('transports.add')}
    </Button>
  );
  return (
    <>
      <PageHead title={t('nav.transports')} lead={t('transports.lead')}>
        {add}
      </PageHead>
      <Card inside="bare">
        <PagedTable
          label={t('nav.transports')}
          pages={pages}
          keyOf={({ name }) => name}
          columns={columns()}
          empty={
            <Empty icon="transports" title={t('transports.none')} text={t('transports.noneText')}>
              {add && <div class="buttons">{add}</div>}
            </Empty>
          }
        />
      </Card>
      <Pools />
      {adds && <AddTransport onClose={() => setAdds(false)} />}
    </>
  );
}

const columns = (): readonly Column<Transport>[] => [
  {
    title: t('transports.name'),
    isName: true,
    kind: 'whole',
    cell: ({ name }) => <a href={`/transports/${encodeURIComponent(name)}`}>{name}</a>,
  },
  {
    title: t('transports.state'),
    kind: 'tight',
    cell: ({ state, kind }) => <TransportState state={state} kind={kind} />,
  },
  {
    title: t('transports.address'),
    cell: ({ address, ehlo, via }) => (
      <span class="two-lines">
        <span>{address ?? '–'}</span>
        <span class="small quiet breaks">{via ? t('transports.viaHost', { host: via.host }) : ehlo}</span>
      </span>
    ),
  },
  { title: t('users.pool'), cell: ({ pool }) => pool },
  { title: t('transports.weight'), kind: 'number', cell: ({ weight }) => number(weight) },
  {
    title: t('transports.warmup'),
    cell: ({ progress }) => (progress && !progress.done ? sayProgress(progress) : '–'),
  },
];

function sayProgress({ providers }: NonNullable<Transport['progress']>): string {
  const last = providers.reduce((one, other) => (other.day < one.day ? other : one), providers[0] ?? none);
  const used = providers.reduce((sum, one) => sum + one.used, 0);
  return t('transports.onDay', { day: Math.min(last.day, last.days), days: last.days, used: number(used) });
}

const none = { provider: '', day: 1, days: 1, used: 0, deferred: 0, bounced: 0 };
