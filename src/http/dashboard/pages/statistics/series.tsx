// Counts over time as lines; hours or days in which nothing happened are there as zero.
import { useMemo } from 'preact/hooks';
import { t } from '../../lib/i18n.ts';
import type { Counts, StatisticsRow } from '../../lib/types.ts';
import { Chart, type Line } from '../../parts/chart.tsx';
import type { Range } from './span.ts';

type Shown = Readonly<{ counter: keyof Counts; name: string; color: Line['color']; fill?: boolean }>;

export type SeriesProps = Readonly<{
  rows: readonly StatisticsRow[];
  range: Range;
  what: 'delivery' | 'reading';
}>;

export function Series({ rows, range, what }: SeriesProps) {
  const { since, until, step } = range;
  const at = useMemo(
    () => Array.from({ length: Math.round((until - since) / step) }, (_, n) => since + n * step),
    [since, until, step],
  );
  const lines = useMemo(() => {
    const byStep = new Map(rows.map((row) => [Math.floor((row.at ?? 0) / step) * step, row]));
    return counters(what).map(({ counter, ...line }) => ({
      ...line,
      values: at.map((ms) => byStep.get(ms)?.[counter] ?? 0),
    }));
  }, [rows, at, step, what]);
  return <Chart label={t(`statistics.series.${what}`)} at={at} lines={lines} />;
}

function counters(what: SeriesProps['what']): readonly Shown[] {
  if (what === 'reading')
    return [
      { counter: 'openedHuman', name: t('statistics.openedBy'), color: 'c1', fill: true },
      { counter: 'clickedHuman', name: t('statistics.clickedBy'), color: 'c2' },
      { counter: 'unsubscribed', name: t('status.unsubscribed'), color: 'c3' },
      { counter: 'complained', name: t('statistics.complaints'), color: 'c4' },
    ];
  return [
    { counter: 'accepted', name: t('status.accepted'), color: 'c2' },
    { counter: 'delivered', name: t('status.delivered'), color: 'c1', fill: true },
    { counter: 'deferred', name: t('status.deferred'), color: 'c3' },
    { counter: 'bounced', name: t('status.bounced'), color: 'c4' },
  ];
}
