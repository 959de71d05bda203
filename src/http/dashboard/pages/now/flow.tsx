// The flow of the last hour: accepted and delivered by the minute, delays and refusals below them.
import { useMemo } from 'preact/hooks';
import { t } from '../../lib/i18n.ts';
import { Chart, type Line } from '../../parts/chart.tsx';
import type { Minute } from './data.ts';

const MINUTE = 60_000;
const MINUTES = 60;
const nothing = { accepted: 0, delivered: 0, deferred: 0, bounced: 0 };

/** `until`: the moment that the minutes were told for. */
export function Flow({ minutes, until }: Readonly<{ minutes: readonly Minute[]; until: number }>) {
  const at = useMemo(() => {
    const last = Math.floor(until / MINUTE) * MINUTE;
    return Array.from({ length: MINUTES }, (_, n) => last - (MINUTES - 1 - n) * MINUTE);
  }, [until]);
  const lines = useMemo<readonly Line[]>(() => {
    const byMinute = new Map(minutes.map((minute) => [minute.at, minute]));
    const all = at.map((ms) => byMinute.get(ms) ?? nothing);
    return [
      { name: t('now.line.in'), color: 'c2', values: all.map(({ accepted }) => accepted) },
      { name: t('now.line.out'), color: 'c1', values: all.map(({ delivered }) => delivered), fill: true },
      { name: t('now.line.delayed'), color: 'c3', values: all.map(({ deferred }) => deferred) },
      { name: t('now.line.refused'), color: 'c4', values: all.map(({ bounced }) => bounced) },
    ];
  }, [minutes, at]);
  return <Chart label={t('now.flow')} at={at} lines={lines} />;
}
