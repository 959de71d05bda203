// The flow of the last hour: accepted and delivered by the minute, delays and refusals below them.
import { useMemo } from 'preact/hooks';
import { t } from '../../lib/i18n.ts';
import { Chart, type Line } from '../../parts/chart.tsx';
import type { Minute } from './data.ts';

export function Flow({ minutes }: Readonly<{ minutes: readonly Minute[] }>) {
  const at = useMemo(() => minutes.map((minute) => minute.at), [minutes]);
  const lines = useMemo<readonly Line[]>(
    () => [
      { name: t('now.line.in'), color: 'c2', values: minutes.map(({ accepted }) => accepted) },
      { name: t('now.line.out'), color: 'c1', values: minutes.map(({ delivered }) => delivered), fill: true },
      { name: t('now.line.delayed'), color: 'c3', values: minutes.map(({ deferred }) => deferred) },
      { name: t('now.line.refused'), color: 'c4', values: minutes.map(({ bounced }) => bounced) },
    ],
    [minutes],
  );
  return <Chart label={t('now.flow')} at={at} lines={lines} />;
}
