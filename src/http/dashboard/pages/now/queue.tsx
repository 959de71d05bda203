// What waits, by pool and site: how many, until when, and why.
import { moment, number, relative } from '../../lib/format.ts';
import { plural, t } from '../../lib/i18n.ts';
import { whereTo } from '../../lib/say.ts';
import { Card, Empty } from '../../parts/basic.tsx';
import { Table } from '../../parts/table.tsx';
import type { Now, WaitingSite } from './data.ts';

export function Queue({ now }: Readonly<{ now: Now }>) {
  const { sites, moreSites = 0 } = now;
  if (sites.length === 0)
    return (
      <Card title={t('now.queue')}>
        <Empty icon="check-circle" title={t('now.queueEmpty')} text={t('now.queueEmptyText')} />
      </Card>
    );
  return (
    <Card title={t('now.queue')} inside="bare">
      <Table
        label={t('now.queue')}
        rows={sites}
        keyOf={({ pool, site }) => `${pool} ${site}`}
        columns={[
          {
            title: t('now.site'),
            isName: true,
            kind: 'whole',
            cell: (row) => (
              <>
                <div>{whereTo({ ...row, recipient: row.site })}</div>
                <span class="small quiet">{t('now.pool', { pool: row.pool })}</span>
              </>
            ),
          },
          { title: t('now.count'), kind: 'number', cell: (row) => number(row.waiting + row.sending) },
          { title: t('now.until'), kind: 'tight', cell: (row) => sayEnd(row) },
          {
            title: t('now.why'),
            kind: 'whole',
            cell: (row) => <span class="soft">{row.why ?? t('now.turn')}</span>,
          },
        ]}
      />
      {moreSites > 0 && <p class="more small quiet">{plural('now.moreSites', moreSites)}</p>}
    </Card>
  );
}

function sayEnd({ emptyAt, due }: WaitingSite): string {
  if (emptyAt !== undefined) return relative(emptyAt);
  return due === undefined ? '–' : t('now.next', { at: moment(due) });
}
