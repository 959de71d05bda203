// The form for a new user: its name, the domains that it sends from, the pool that its mail leaves by.
import { useState } from 'preact/hooks';
import { post, type Answer, type Problem } from '../../lib/api.ts';
import { useAsk, type Page } from '../../lib/ask.ts';
import { t } from '../../lib/i18n.ts';
import { may } from '../../lib/session.ts';
import { Check } from '../../parts/fields.tsx';
import { Fields, FormDialog, listOf, useForm, type FieldSpec } from '../../parts/forms.tsx';
import type { Domain, MadeUser } from './data.ts';

export type AddProps = Readonly<{ onClose(): void; onDone(made: MadeUser): void }>;

type Pool = Readonly<{ name: string; transports: readonly string[] }>;

export function AddUser(props: AddProps) {
  const domains = useAsk<Page<Domain>>('domains', { limit: 100 }).value?.items;
  const pools = usePools();
  const form = useForm({ name: '', domains: '', pool: '', networks: '' });
  const [byNetwork, setByNetwork] = useState(false);
  const [tracked, setTracked] = useState(false);
  const { values } = form;
  // Until somebody says otherwise, the first of what there is.
  const from = values.domains || domains?.[0]?.name || '';
  const pool = values.pool || (pools.find((one) => one.transports.length > 0) ?? pools[0])?.name || 'default';
  const shown = { ...form, values: { ...values, domains: from, pool } };
  const send = (): Promise<Answer<MadeUser>> =>
    post<MadeUser>('users', {
      name: values.name.trim(),
      domains: listOf(from),
      pool,
      ...(tracked ? { defaults: TRACKED } : {}),
      ...(byNetwork ? { networks: listOf(values.networks), password: null } : {}),
    });
  return (
    <FormDialog title={t('users.add')} action={t('users.create')} open {...props} send={send}>
      {(problem: Problem | undefined) => (
        <>
          <Fields form={shown} problem={problem} of={mainFields(pools)} />
          <TrackCheck tracked={tracked} onValue={setTracked} />
          <Check
            label={t('users.noPassword')}
            hint={t('users.noPasswordHint')}
            checked={byNetwork}
            onValue={setByNetwork}
          />
          {byNetwork && (
            <Fields form={shown} problem={problem} of={[{ ...networksField(), required: true }]} />
          )}
        </>
      )}
    </FormDialog>
  );
}

/** What a user whose opens and clicks are counted asks for. */
export const TRACKED = { opens: true, clicks: 'html' } as const;

export function TrackCheck({
  tracked,
  onValue,
}: Readonly<{ tracked: boolean; onValue(tracked: boolean): void }>) {
  return (
    <Check label={t('users.tracked')} hint={t('users.trackedHint')} checked={tracked} onValue={onValue} />
  );
}

type Name = 'name' | 'domains' | 'pool' | 'networks';

function mainFields(pools: readonly Pool[]): readonly FieldSpec<Name>[] {
  const all: readonly FieldSpec<Name>[] = [
    { name: 'name', label: t('users.name'), hint: t('users.nameHint'), required: true, autofocus: true },
    { name: 'domains', label: t('users.domains'), hint: t('users.domainsHint'), required: true },
  ];
  return pools.length === 0 ? all : [...all, { ...poolField(pools), hint: t('users.poolHint') }];
}

export const networksField = () =>
  ({
    name: 'networks',
    label: t('users.networks'),
    hint: t('users.networksHint'),
    kind: 'area',
  }) as const;

/** Which pool; `none`: what is said where none is chosen. */
export const poolField = (pools: readonly Pool[], none?: string) => ({
  name: 'pool' as const,
  label: t('users.pool'),
  options: [
    ...(none === undefined ? [] : [{ value: '', text: none }]),
    ...pools.map((one) => ({ value: one.name, text: sayPool(one) })),
  ],
});

/** The pools, where the viewer may see them. */
export function usePools(): readonly Pool[] {
  const path = may('transports:read') ? 'pools' : undefined;
  return useAsk<Page<Pool>>(path, { limit: 100 }).value?.items ?? [];
}

const sayPool = ({ name, transports }: Pool): string =>
  transports.length === 0
    ? t('users.poolEmpty', { name })
    : t('users.poolOf', { name, list: transports.join(', ') });
