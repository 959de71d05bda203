// Pools: named groups of transports, who sends by them, and what happens when none of a pool's transports can send.
import { useState } from 'preact/hooks';
import { patch, post, remove, type Answer, type Problem } from '../../lib/api.ts';
import { usePages } from '../../lib/ask.ts';
import { t } from '../../lib/i18n.ts';
import { may } from '../../lib/session.ts';
import { tell } from '../../lib/toasts.ts';
import { Button, Card, Empty } from '../../parts/basic.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Fields, FormDialog, told, useForm, type FieldSpec } from '../../parts/forms.tsx';
import { PagedTable, type Column } from '../../parts/table.tsx';
import { pathOf } from '../users/data.ts';
import type { Pool } from './data.ts';

type Asks = Readonly<{ what: 'add' }> | Readonly<{ what: 'edit' | 'remove'; pool: Pool }>;

const LIMIT = 200;

export function Pools() {
  const [asks, setAsks] = useState<Asks | undefined>(undefined);
  const pages = usePages<Pool>('pools', { limit: LIMIT });
  const names = (pages.items ?? []).map(({ name }) => name);
  const close = (): void => setAsks(undefined);
  const drop = async ({ name }: Pool): Promise<void> => {
    await told(remove(pathOf('pools', name)), t('users.done.remove', { name }));
    pages.again();
  };
  const pool = asks && 'pool' in asks ? asks.pool : undefined;
  return (
    <Card
      title={t('pools.title')}
      note={t('pools.note')}
      inside="bare"
      actions={
        may('transports:write') && (
          <Button size="small" icon="plus" onClick={() => setAsks({ what: 'add' })}>
            {t('pools.add')}
          </Button>
        )
      }
    >
      <PagedTable
        label={t('pools.title')}
        pages={pages}
        keyOf={({ name }) => name}
        columns={columns(setAsks)}
        empty={<Empty icon="transports" title={t('pools.none')} text={t('pools.noneText')} />}
      />
      {asks && asks.what !== 'remove' && (
        <EditPool pool={pool} names={names} onClose={close} onDone={pages.again} />
      )}
      <Confirm
        open={asks?.what === 'remove'}
        onClose={close}
        title={t('users.removeTitle', { name: pool?.name ?? '' })}
        text={t('pools.removeAsk')}
        action={t('common.delete')}
        onConfirm={() => (pool ? drop(pool) : undefined)}
      />
    </Card>
  );
}

function columns(ask: (asks: Asks) => void): readonly Column<Pool>[] {
  const list = (names: readonly string[]): string => (names.length === 0 ? '–' : names.join(', '));
  const own: readonly Column<Pool>[] = [
    { title: t('users.pool'), isName: true, kind: 'whole', cell: ({ name }) => <span>{name}</span> },
    { title: t('nav.transports'), cell: ({ transports }) => list(transports) },
    { title: t('nav.users'), cell: ({ users }) => list(users) },
    { title: t('pools.fallback'), cell: ({ fallback }) => fallback ?? '–' },
    { title: t('pools.whenAllBad'), cell: ({ whenAllBad }) => t(`pools.bad.${whenAllBad}`) },
  ];
  if (!may('transports:write')) return own;
  const deeds: Column<Pool> = {
    title: t('users.deeds'),
    kind: 'tight',
    cell: (pool) => (
      <div class="buttons">
        <Button
          size="small"
          icon="edit"
          label={t('users.change', { name: pool.name })}
          onClick={() => ask({ what: 'edit', pool })}
        />
        {pool.transports.length === 0 && pool.users.length === 0 && (
          <Button
            size="small"
            kind="danger"
            icon="trash"
            label={t('members.drop', { name: pool.name })}
            onClick={() => ask({ what: 'remove', pool })}
          />
        )}
      </div>
    ),
  };
  return [...own, deeds];
}

type EditProps = Readonly<{
  pool: Pool | undefined;
  names: readonly string[];
  onClose(): void;
  onDone(): void;
}>;

function EditPool({ pool, names, onClose, onDone }: EditProps) {
  const form = useForm({
    name: pool?.name ?? '',
    fallback: pool?.fallback ?? '',
    whenAllBad: pool?.whenAllBad ?? 'use',
  });
  const { name, fallback, whenAllBad } = form.values;
  const send = (): Promise<Answer<Pool>> =>
    pool
      ? patch<Pool>(pathOf('pools', pool.name), {
          fallback: fallback === '' ? null : fallback,
          whenAllBad,
        })
      : post<Pool>('pools', { name: name.trim(), ...(fallback && { fallback }), whenAllBad });
  const done = (): void => {
    tell(t('common.saved'));
    onDone();
  };
  return (
    <FormDialog
      title={pool ? t('users.change', { name: pool.name }) : t('pools.add')}
      action={pool ? t('common.save') : t('users.create')}
      open
      onClose={onClose}
      send={send}
      onDone={done}
    >
      {(problem: Problem | undefined) => (
        <>
          {!pool && <Fields form={form} problem={problem} of={[nameField()]} />}
          <Fields form={form} problem={problem} of={ruleFields(names.filter((one) => one !== pool?.name))} />
        </>
      )}
    </FormDialog>
  );
}

type Name = 'name' | 'fallback' | 'whenAllBad';

const nameField = (): FieldSpec<Name> => ({
  name: 'name',
  label: t('users.name'),
  hint: t('pools.nameHint'),
  required: true,
  autofocus: true,
});

const ruleFields = (others: readonly string[]): readonly FieldSpec<Name>[] => [
  {
    name: 'fallback',
    label: t('pools.fallback'),
    hint: t('pools.fallbackHint'),
    options: [{ value: '', text: t('pools.noFallback') }, ...others.map((value) => ({ value, text: value }))],
  },
  {
    name: 'whenAllBad',
    label: t('pools.whenAllBad'),
    options: (['use', 'hold'] as const).map((value) => ({ value, text: t(`pools.bad.${value}`) })),
  },
];
