// What waits, by pool and site: how many, until when, and why.
import { moment, number, relative } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { asSentence, sayWait } from '../../lib/say.ts';
import { Card } from '../../parts/basic.tsx';
import { Table } from '../../parts/table.tsx';
import type { Now, WaitingSite } from './data.ts';

/** Older than that, and one says so. */
const OLD_MS = 15_000;

export function Queue({ now }: Readonly<{ now: Now }>) {
  const { sites, looked, countedAt, queue } = now;
  // Counted a moment before the figures above, it may not have what they have.
  const isEmpty = looked && queue.waiting + queue.later + queue.sending === 0;
  if (sites.length === 0)
    return (
      <Card title={t('now.queue')}>
        <p class="soft">{t(isEmpty ? 'now.queueEmpty' : 'now.countingFirst')}</p>
      </Card>
    );
  return (
    <Card title={t('now.queue')} inside="bare">
      <Table
        label={t('now.queue')}
        rows={sites}
        keyOf={({ pool, domain }) => `${pool} ${domain}`}
        columns={[
          {
            title: t('now.site'),
            isName: true,
            kind: 'whole',
            cell: (row) => (
              <>
                <div>{row.domain || t('now.manySites')}</div>
                <span class="small quiet">{t('now.pool', { pool: row.pool })}</span>
              </>
            ),
          },
          { title: t('now.count'), kind: 'number', cell: (row) => number(row.waiting + row.sending) },
          { title: t('now.until'), kind: 'tight', cell: (row) => sayEnd(row) },
          {
            title: t('now.why'),
            kind: 'whole',
            cell: (row) => <span class="soft">{sayWhy(row)}</span>,
          },
        ]}
      />
      {!looked && <p class="more small quiet">{t('now.counting')}</p>}
      {looked && now.at - countedAt > OLD_MS && (
        <p class="more small quiet">{t('now.countedAt', { at: relative(countedAt) })}</p>
      )}
    </Card>
  );
}

function sayEnd({ emptyAt, due }: WaitingSite): string {
  if (emptyAt !== undefined) return relative(emptyAt);
  return due === undefined ? '–' : t('now.next', { at: moment(due) });
}

function sayWhy({ why, due, ready, waiting }: WaitingSite): string {
  if (!why) return t('now.turn');
  const some = ready > 0 && ready < waiting ? t('now.ready', { ready: number(ready) }) : '';
  return [asSentence(sayWait({ why, due })), some].filter(Boolean).join(' ');
}
