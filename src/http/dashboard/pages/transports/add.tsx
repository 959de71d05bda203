// The form for a new transport: an address of this host, the name that it says, and whether it needs a warm-up.
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { post, type Answer, type Problem } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { Check } from '../../parts/fields.tsx';
import { Fields, FormDialog, useForm, type FieldSpec } from '../../parts/forms.tsx';
import type { Transport } from './data.ts';

export function AddTransport({ onClose }: Readonly<{ onClose(): void }>) {
  const { route } = useLocation();
  const form = useForm({ name: '', address: '', ehlo: '', pool: 'default' });
  const [warm, setWarm] = useState(false);
  const { name, address, ehlo, pool } = form.values;
  const send = (): Promise<Answer<Transport>> =>
    post<Transport>('transports', {
      name: name.trim(),
      address: address.trim(),
      ...(ehlo.trim() === '' ? {} : { ehlo: ehlo.trim() }),
      pool: pool.trim(),
      ...(warm ? { warm: true } : {}),
    });
  return (
    <FormDialog
      title={t('transports.add')}
      action={t('users.create')}
      open
      onClose={onClose}
      send={send}
      onDone={(made) => route(`/transports/${encodeURIComponent(made.name)}`)}
    >
      {(problem: Problem | undefined) => (
        <>
          <Fields form={form} problem={problem} of={fields()} />
          <Check
            label={t('transports.warm')}
            hint={t('transports.warmHint')}
            checked={warm}
            onValue={setWarm}
          />
        </>
      )}
    </FormDialog>
  );
}

const fields = (): readonly FieldSpec<'name' | 'address' | 'ehlo' | 'pool'>[] => [
  {
    name: 'name',
    label: t('transports.name'),
    hint: t('transports.nameHint'),
    required: true,
    autofocus: true,
  },
  {
    name: 'address',
    label: t('transports.address'),
    hint: t('transports.addressHint'),
    placeholder: '192.0.2.10',
    required: true,
  },
  { name: 'ehlo', label: t('transports.ehlo'), hint: t('transports.ehloHint') },
  { name: 'pool', label: t('users.pool'), hint: t('transports.poolHint'), required: true },
];
