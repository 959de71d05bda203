// The form that changes a transport: its addresses and names, its pool and weight, another relay that it goes by, its warm-up.
import { useState } from 'preact/hooks';
import { patch, type Answer, type Problem } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { tell } from '../../lib/toasts.ts';
import { Check } from '../../parts/fields.tsx';
import { Fields, FormDialog, useForm, type FieldSpec } from '../../parts/forms.tsx';
import { poolField, usePools } from '../users/add.tsx';
import { pathOf } from '../users/data.ts';
import type { Transport } from './data.ts';

type Props = Readonly<{ transport: Transport; onClose(): void; onDone(): void }>;

export function EditTransport({ transport, onClose, onDone }: Props) {
  const pools = usePools();
  const form = useForm(initial(transport));
  const [warm, setWarm] = useState(transport.warm === true);
  const isSmtp = transport.kind === 'smtp';
  const send = (): Promise<Answer<Transport>> =>
    patch<Transport>(pathOf('transports', transport.name), {
      ...changeOf(transport, form.values),
      ...(warm === (transport.warm === true) ? {} : { warm }),
    });
  const done = (): void => {
    tell(t('common.saved'));
    onDone();
  };
  const title = t('users.change', { name: transport.name });
  return (
    <FormDialog title={title} action={t('common.save')} open onClose={onClose} send={send} onDone={done}>
      {(problem: Problem | undefined) => (
        <>
          {isSmtp && <Fields form={form} problem={problem} of={addressFields()} />}
          {pools.length > 0 && <Fields form={form} problem={problem} of={[poolField(pools)]} />}
          <Fields form={form} problem={problem} of={[weightField()]} />
          {isSmtp && (
            <>
              <Check
                label={t('transports.warm')}
                hint={t('transports.warmHint')}
                checked={warm}
                onValue={setWarm}
              />
              <details open={transport.via !== undefined}>
                <summary>{t('transports.via')}</summary>
                <div class="stack notes">
                  <p class="small quiet">{t('transports.viaText')}</p>
                  <Fields form={form} problem={problem} of={viaFields(transport)} />
                </div>
              </details>
            </>
          )}
        </>
      )}
    </FormDialog>
  );
}

const initial = ({ address, address6, publicAddress, ehlo, pool, weight, via }: Transport) => ({
  address: address ?? '',
  address6: address6 ?? '',
  publicAddress: publicAddress ?? '',
  ehlo: ehlo ?? '',
  pool,
  weight: String(weight),
  host: via?.host ?? '',
  port: via ? String(via.port) : '',
  username: via?.username ?? '',
  password: '',
});

type Values = ReturnType<typeof initial>;
type Name = keyof Values;

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

/** A field that is emptied is taken away. A password that nobody writes stays, as long as its host does. */
function changeOf({ kind, via }: Transport, values: Values): object {
  const shared = { pool: values.pool, weight: Number(values.weight) };
  if (kind !== 'smtp') return shared;
  const { host, port, username, password } = values;
  const relay = {
    host: host.trim(),
    ...(port === '' ? {} : { port: Number(port) }),
    username: orNull(username),
    ...(password === '' ? (username === '' ? { password: null } : {}) : { password }),
  };
  return {
    ...shared,
    address: values.address.trim(),
    address6: orNull(values.address6),
    publicAddress: orNull(values.publicAddress),
    ehlo: orNull(values.ehlo),
    ...(host.trim() === '' ? (via ? { via: null } : {}) : { via: relay }),
  };
}

const addressFields = (): readonly FieldSpec<Name>[] => [
  { name: 'address', label: t('transports.address'), hint: t('transports.addressHint'), required: true },
  { name: 'address6', label: t('transports.address6'), hint: t('transports.address6Hint') },
  { name: 'publicAddress', label: t('transports.public'), hint: t('transports.publicHint') },
  { name: 'ehlo', label: t('transports.ehlo'), hint: t('transports.ehloHint') },
];

const weightField = (): FieldSpec<Name> => ({
  name: 'weight',
  label: t('transports.weight'),
  hint: t('transports.weightHint'),
  kind: 'number',
  required: true,
});

const viaFields = ({ via }: Transport): readonly FieldSpec<Name>[] => [
  { name: 'host', at: 'via.host', label: t('transports.viaHostName'), placeholder: 'smtp.example.net' },
  { name: 'port', at: 'via.port', label: t('transports.viaPort'), kind: 'number', placeholder: '587' },
  { name: 'username', at: 'via.username', label: t('transports.viaUser') },
  {
    name: 'password',
    at: 'via.password',
    label: t('users.password'),
    kind: 'password',
    ...(via?.password === undefined ? {} : { hint: t('transports.viaKept') }),
  },
];
