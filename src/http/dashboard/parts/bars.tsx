// Bars side by side: how much each of a few things has, with its share.
import type { ComponentChildren } from 'preact';
import { number } from '../lib/format.ts';

export type Bar = Readonly<{
  key: string;
  name: ComponentChildren;
  value: number;
  /** Stands behind the number, such as a share. */
  note?: string;
  tone?: 'wait' | 'warn' | 'bad';
  /** How full the bar is, 0 to 1; default: its value beside the others. */
  share?: number;
}>;

/** `most`: what a full bar stands for; default: the greatest value. */
export function Bars({
  label,
  bars,
  most,
}: Readonly<{ label: string; bars: readonly Bar[]; most?: number }>) {
  const full = most ?? Math.max(1, ...bars.map(({ value }) => value));
  return (
    <ul class="bars" aria-label={label}>
      {bars.map(({ key, name, value, note, tone = '', share = full > 0 ? value / full : 0 }) => (
        <li key={key}>
          <span class="breaks">{name}</span>
          <span class="figures">
            {number(value)} {note && <span class="quiet">{note}</span>}
          </span>
          <svg class={`track ${tone}`} aria-hidden="true">
            <rect height="100%" rx="3" width={`${Math.min(100, 100 * share)}%`} />
          </svg>
        </li>
      ))}
    </ul>
  );
}
