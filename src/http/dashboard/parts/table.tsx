// A table by columns: rows from a list or from pages by cursors; on a phone every row is a card.
import type { ComponentChildren } from 'preact';
import type { AskedPages } from '../lib/ask.ts';
import { t } from '../lib/i18n.ts';
import { Button, ProblemNote, Skeleton } from './basic.tsx';

export type Column<T> = Readonly<{
  title: string;
  cell(row: T): ComponentChildren;
  /** number: at the end, figures of one width · tight: as wide as it must be · whole: on a phone over the whole card, without its title. */
  kind?: 'number' | 'tight' | 'whole';
  /** The cell that names the row. */
  isName?: boolean;
}>;

export type TableProps<T> = Readonly<{
  /** What the table holds, for screen readers. */
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf(row: T): string;
}>;

export function Table<T>({ label, columns, rows, keyOf }: TableProps<T>) {
  return (
    <div class="scroll">
      <table class="table cards" aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ title, kind = '' }) => (
              <th scope="col" class={kind} key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>{columns.map((column) => cellOf(column, row))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function cellOf<T>({ title, cell, kind, isName }: Column<T>, row: T) {
  const content = cell(row);
  return isName ? (
    <th scope="row" class={kind} data-label={title} key={title}>
      {content}
    </th>
  ) : (
    <td class={kind} data-label={title} key={title}>
      {content}
    </td>
  );
}

export type PagedTableProps<T> = Omit<TableProps<T>, 'rows'> &
  Readonly<{
    pages: AskedPages<T>;
    /** What stands there when there are no rows. */
    empty: ComponentChildren;
  }>;

/** The table for a list of the API: waits, says what went wrong, says what to do when it is empty, and shows more. */
export function PagedTable<T>({ pages, empty, ...table }: PagedTableProps<T>) {
  const { items, problem, busy, more, again } = pages;
  return (
    <>
      {problem && (
        <div class="inside">
          <ProblemNote problem={problem} again={again} />
        </div>
      )}
      {items === undefined && !problem && <Skeleton lines={8} />}
      {items !== undefined && (items.length === 0 ? empty : <Table rows={items} {...table} />)}
      {more && (
        <div class="more">
          <Button size="small" onClick={more} disabled={busy}>
            {busy ? t('common.loading') : t('common.more')}
          </Button>
        </div>
      )}
    </>
  );
}
