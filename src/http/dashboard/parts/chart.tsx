// Lines over time, drawn by uPlot in the page's colours; a table of the same figures is there for screen readers.
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { compact, exactly, number } from '../lib/format.ts';
import { language, locale, t } from '../lib/i18n.ts';
import { theme } from '../lib/theme.ts';

export type Line = Readonly<{
  name: string;
  color: 'c1' | 'c2' | 'c3' | 'c4';
  values: readonly number[];
  /** Filled below. */
  fill?: boolean;
}>;

export type ChartProps = Readonly<{
  /** What it shows, for screen readers. */
  label: string;
  /** Epoch milliseconds, rising. */
  at: readonly number[];
  lines: readonly Line[];
  height?: number;
  /** Which point the legend tells while none is pointed at; default: the sums. */
  rests?: number;
  /** How a value is written; default: as a whole number. */
  say?: (value: number) => string;
  /** How a moment is written; default: all of it. */
  sayAt?: (at: number) => string;
}>;

const HEIGHT = 220;

export function Chart({
  label,
  at,
  lines,
  height = HEIGHT,
  rests,
  say = number,
  sayAt = exactly,
}: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [pointed, setIndex] = useState<number | undefined>(undefined);
  const index = pointed ?? rests;
  const look = `${theme.value} ${language.value} ${lines.map(({ name, color }) => name + color).join()}`;
  const scheme = useScheme();

  useEffect(() => {
    const parent = place.current;
    if (!parent) return undefined;
    const made = new uPlot(
      optionsOf({ parent, lines, height, onIndex: setIndex }),
      dataOf(at, lines),
      parent,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height }));
    observer.observe(parent);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [look, height, scheme]);
  useEffect(() => plot.current?.setData(dataOf(at, lines)), [at, lines]);

  const shown = index ?? at.length - 1;
  return (
    <figure class="chart" role="group" aria-label={label}>
      <ul class="legend">
        {lines.map(({ name, color, values }) => (
          <li key={name}>
            <span class={`dot ${color}`} />
            {name} <b>{say(index === undefined ? sum(values) : (values[shown] ?? 0))}</b>
          </li>
        ))}
        <li class="quiet">{index === undefined ? t('chart.total') : sayAt(at[shown] ?? 0)}</li>
      </ul>
      <div ref={place} aria-hidden="true" />
      <Figures label={label} at={at} lines={lines} />
    </figure>
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
const dataOf = (at: readonly number[], lines: readonly Line[]): uPlot.AlignedData => [
  at.map((ms) => ms / 1000),
  ...lines.map(({ values }) => [...values]),
];

/** Grows by one when the system changes between light and dark, so that the lines are drawn anew. */
function useScheme(): number {
  const [round, setRound] = useState(0);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const next = (): void => setRound((last) => last + 1);
    dark.addEventListener('change', next);
    return () => dark.removeEventListener('change', next);
  }, []);
  return round;
}

type Making = Readonly<{
  parent: HTMLElement;
  lines: readonly Line[];
  height: number;
  onIndex(index: number | undefined): void;
}>;

function optionsOf({ parent, lines, height, onIndex }: Making): uPlot.Options {
  const color = resolver(parent);
  const grid = { stroke: color('--line'), width: 1 };
  const font = '12px system-ui, sans-serif';
  const axis = { stroke: color('--ink-3'), font, grid, ticks: { show: false } };
  return {
    width: parent.clientWidth || 600,
    height,
    legend: { show: false },
    padding: [12, 20, 0, 0],
    cursor: { points: { size: 7 }, drag: { x: false, y: false }, y: false },
    scales: { y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.1))] } },
    axes: [
      { ...axis, size: 30, grid: { show: false }, values: (_, marks) => sayMarks(marks), space: 72 },
      { ...axis, size: 44, values: (_, marks) => marks.map((mark) => (mark % 1 === 0 ? compact(mark) : '')) },
    ],
    series: [
      {},
      ...lines.map(({ name, color: which, fill }) => {
        const stroke = color(`--chart-${which.slice(1)}`);
        return {
          label: name,
          stroke,
          width: 2,
          points: { show: false },
          ...(fill ? { fill: color(`--chart-${which.slice(1)}`, 0.12) } : {}),
        };
      }),
    ],
    hooks: { setCursor: [({ cursor }) => onIndex(cursor.idx ?? undefined)] },
  };
}

/** Canvas knows no variables: what a token is just now, in the place of the chart. */
function resolver(parent: HTMLElement): (token: string, alpha?: number) => string {
  const probe = document.createElement('i');
  parent.append(probe);
  return (token, alpha = 1) => {
    probe.style.color = `color-mix(in oklch, var(${token}) ${alpha * 100}%, transparent)`;
    return getComputedStyle(probe).color;
  };
}

function sayMarks(seconds: readonly number[]): string[] {
  const step = (seconds[1] ?? 0) - (seconds[0] ?? 0);
  const format = new Intl.DateTimeFormat(
    locale(),
    step >= 86_400 ? { day: 'numeric', month: 'short' } : { hour: 'numeric', minute: '2-digit' },
  );
  return seconds.map((one) => format.format(one * 1000));
}

function Figures({ label, at, lines }: Readonly<Pick<ChartProps, 'label' | 'at' | 'lines'>>) {
  const some = at
    .map((ms, row) => ({ ms, row }))
    .filter(({ row }) => lines.some(({ values }) => values[row]));
  return (
    <div class="visually-hidden">
      <table>
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">{t('chart.time')}</th>
            {lines.map(({ name }) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {some.slice(-60).map(({ ms, row }) => (
            <tr key={ms}>
              <th scope="row">{exactly(ms)}</th>
              {lines.map(({ name, values }) => (
                <td key={name}>{number(values[row] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
