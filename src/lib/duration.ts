// Durations and sizes as people write them ("2m", "36MB"), parsed to plain numbers. Pure.

const MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KIB: 1024,
  MIB: 1_048_576,
  GIB: 1_073_741_824,
};

/** "90s", "2m", "4h", "3d" or "1h30m" in milliseconds; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*/gy)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text.trim()) return undefined;
  return parts.reduce((sum, part) => sum + Number(part[1]) * (MS[part[2] ?? ''] ?? 0), 0);
}

/** "512KiB", "36MB", "1GB" or a plain number of bytes; undefined when it is none of these. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([KMG]?I?B)?$/i.exec(text.trim());
  if (!match) return undefined;
  const unit = BYTES[(match[2] ?? 'B').toUpperCase()];
  return unit === undefined ? undefined : Math.floor(Number(match[1]) * unit);
}

/** Milliseconds as people read them: "850ms", "12s", "5m", "1h 30m", "2d 4h". */
export function sayDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  const first = units.findIndex(([, size]) => ms >= size);
  const [name, size] = units[first] ?? ['s', 1000];
  const rest = ms % size;
  const next = units[first + 1];
  const second = next && rest >= next[1] ? ` ${Math.floor(rest / next[1])}${next[0]}` : '';
  return `${Math.floor(ms / size)}${name}${second}`;
}
