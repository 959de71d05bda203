// How the figures of a scenario are printed. Pure.
import type { Result } from './stage.ts';

const COLUMNS = [
  'accepted',
  'delivered',
  'bounced',
  'queued',
  'lost',
  'duplicates',
  'in flight',
  'silent',
  'ghosts',
  'kills',
  'quiet',
] as const;

export function tableOf(results: readonly Result[]): string {
  const rows = results.map((result) => [result.name, ...cells(result)]);
  const all = [['scenario', ...COLUMNS], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  return lines.join('\n');
}

function cells(result: Result): string[] {
  const { accepted, delivered, bounced, queued, lost, duplicates, inFlight, ghosts, disowned, kills } =
    result;
  const numbers = [accepted, delivered, bounced, queued, lost.length, duplicates, inFlight, result.dropped];
  return [
    ...numbers.map(String),
    disowned.length > 0 ? `${ghosts}+${disowned.length}` : String(ghosts),
    String(kills),
    `${result.quietAfterS} s`,
  ];
}

/** What a person wants to know of one scenario beyond the table. */
export function detailOf(result: Result): string {
  const refused = Object.entries(result.refused).map(([code, count]) => `${code}×${count}`);
  const facts = [
    `${result.messages} messages`,
    `${result.treated} treated letters read, ${result.signatures} signatures verified`,
    `${result.compared} repeated copies compared`,
    `${result.scheduled} scheduled`,
    `${result.repeated} repeated with their key`,
    `refused ${refused.join(' ') || 'none'}`,
    `slowest reply ${(result.slowestMs / 1000).toFixed(1)} s`,
    `repeated event lines ${result.repeatedEvents}`,
    ...result.notes,
    `seed ${result.seed}`,
  ];
  const lists = Object.entries(result).flatMap(([name, value]) =>
    Array.isArray(value) && value.length > 0 && name !== 'exitCodes' && name !== 'notes'
      ? [`  ${name} (${value.length}): ${value.slice(0, 8).join(', ')}`]
      : [],
  );
  return [`  ${facts.join(' · ')}`, ...lists].join('\n');
}
