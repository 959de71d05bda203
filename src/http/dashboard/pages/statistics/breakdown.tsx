// The same counts by provider, user, campaign and so on: one table, the question chosen above it.
import { useState } from 'preact/hooks';
import type { Query } from '../../lib/api.ts';
import { useAsk } from '../../lib/ask.ts';
import { country, number, share, span } from '../../lib/format.ts';
import { t, word } from '../../lib/i18n.ts';
import { whereTo } from '../../lib/say.ts';
import type { Statistics, StatisticsRow } from '../../lib/types.ts';
import { Bars } from '../../parts/bars.tsx';
import { Card, Shown } from '../../parts/basic.tsx';
import { Select } from '../../parts/fields.tsx';
import { Table, type Column } from '../../parts/table.tsx';

export const dimensions = [
  'provider',
  'campaign',
  'user',
  'domain',
  'transport',
  'class',
  'device',
  'country',
  'link',
  'tag',
] as const;
export type Dimension = (typeof dimensions)[number];

const MOST = 50;

export type BreakdownProps = Readonly<{ query: Query; by: readonly Dimension[] }>;

export function Breakdown({ query, by }: BreakdownProps) {
  const [chosen, choose] = useState<Dimension>(by[0] ?? 'provider');
  const asked = useAsk<Statistics>('statistics', { ...query, by: chosen, limit: MOST });
  return (
    <Card
      inside="bare"
      title={t('statistics.by')}
      actions={
        <Select
          size="small"
          label={t('statistics.by')}
          options={by.map((value) => ({ value, text: t(`statistics.by.${value}`) }))}
          value={chosen}
          onValue={choose}
        />
      }
    >
      <Shown of={asked}>{({ rows }) => <Rows by={chosen} rows={rows} />}</Shown>
    </Card>
  );
}

function Rows({ by, rows }: Readonly<{ by: Dimension; rows: readonly StatisticsRow[] }>) {
  if (rows.length === 0) return <p class="inside soft">{t('statistics.nothing')}</p>;
  if (by === 'device' || by === 'country' || by === 'link' || by === 'class')
    return (
      <div class="inside">
        <Heat by={by} rows={rows} />
      </div>
    );
  return (
    <Table
      label={t(`statistics.by.${by}`)}
      rows={rows}
      keyOf={({ key = '' }) => key}
      columns={[
        {
          title: t(`statistics.by.${by}`),
          isName: true,
          kind: 'whole',
          cell: (row) =>
            by === 'campaign' && row.key ? (
              <a href={`/campaigns/${encodeURIComponent(row.key)}`}>{nameOf(by, row)}</a>
            ) : (
              <span class="breaks">{nameOf(by, row)}</span>
            ),
        },
        ...figures(),
      ]}
    />
  );
}

/** Columns of figures that every table of statistics has. */
export function figures(): readonly Column<StatisticsRow>[] {
  return [
    { title: t('status.accepted'), kind: 'number', cell: ({ accepted }) => number(accepted) },
    {
      title: t('status.delivered'),
      kind: 'number',
      cell: ({ delivered, accepted }) => share(delivered, accepted),
    },
    {
      title: t('status.bounced'),
      kind: 'number',
      cell: ({ bounced, expired, accepted }) => share(bounced + expired, accepted),
    },
    {
      title: t('statistics.openedBy'),
      kind: 'number',
      cell: ({ openedHuman, delivered }) => share(openedHuman, delivered),
    },
    {
      title: t('statistics.clickedBy'),
      kind: 'number',
      cell: ({ clickedHuman, delivered }) => share(clickedHuman, delivered),
    },
    {
      title: t('statistics.complaints'),
      kind: 'number',
      cell: ({ complained }) => number(complained),
    },
    {
      title: t('statistics.time'),
      kind: 'number',
      cell: ({ p50 }) => (p50 === undefined ? '–' : span(p50)),
    },
  ];
}

/** Bars for what has one figure that matters: clicks of links, visits by device and country, failures by class. */
function Heat({ by, rows }: Readonly<{ by: Dimension; rows: readonly StatisticsRow[] }>) {
  const valueOf = (row: StatisticsRow): number => {
    if (by === 'class') return row.bounced + row.deferred + row.expired + row.dropped;
    return by === 'link' ? row.clicked : row.opened + row.clicked;
  };
  const total = rows.reduce((sum, row) => sum + valueOf(row), 0);
  return (
    <Bars
      label={t(`statistics.by.${by}`)}
      bars={rows.map((row) => ({
        key: row.key ?? '',
        name: nameOf(by, row),
        value: valueOf(row),
        note: share(valueOf(row), total),
        ...(by === 'class' ? { tone: 'bad' as const } : {}),
      }))}
    />
  );
}

/** What a row is called; an empty key is what nobody knows. */
function nameOf(by: Dimension, { key = '', label }: StatisticsRow): string {
  if (key === '') return by === 'provider' ? t('statistics.others') : t('common.unknown');
  if (by === 'provider') return whereTo({ provider: key, recipient: key });
  if (by === 'country') return country(key);
  if (by === 'device') return word('device', key);
  if (by === 'class') return word('why', key);
  return label ?? key;
}
