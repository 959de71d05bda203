// What waits, by pool and site: how many, until when, and why.
import { moment, momentInSentence, number, relative } from '../../lib/format.ts';
import { t, word } from '../../lib/i18n.ts';
import { Card } from '../../parts/basic.tsx';
import { Table } from '../../parts/table.tsx';
import type { Now, WaitingSite } from './data.ts';

export function Queue({ now }: Readonly<{ now: Now }>) {
  const { sites, looked } = now;
  if (sites.length === 0)
    return (
      <Card title={t('now.queue')}>
        <p class="soft">{t('now.queueEmpty')}</p>
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
                <div>{row.domain}</div>
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
      {!looked && <p class="more small quiet">{t('now.moreSites')}</p>}
    </Card>
  );
}

function sayEnd({ emptyAt, due }: WaitingSite): string {
  if (emptyAt !== undefined) return relative(emptyAt);
  return due === undefined ? '–' : t('now.next', { at: moment(due) });
}

function sayWhy({ why, due }: WaitingSite): string {
  if (!why) return t('now.turn');
  const at = due === undefined ? '' : momentInSentence(due);
  switch (why.kind) {
    case 'paused':
      return t('now.why.paused');
    case 'limit':
      return why.text ?? t('now.why.limit');
    case 'hold':
      return word('hold', why.rule ?? '', t('now.why.limit'));
    case 'retry':
      return t('now.why.retry', { at });
    case 'later':
      return t('now.why.later', { at });
  }
}
