// The form that changes a user: sender domains, networks, pool, limits, tracking, archive.
import { useState } from 'preact/hooks';
import { patch, type Answer, type Problem } from '../../lib/api.ts';
import { written } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { tell } from '../../lib/toasts.ts';
import { Fields, FormDialog, listOf, useForm, type FieldSpec } from '../../parts/forms.tsx';
import { networksField, poolField, TRACKED, TrackCheck, usePools } from './add.tsx';
import { pathOf, type User } from './data.ts';

type Props = Readonly<{ user: User; onClose(): void; onDone(): void }>;

const textOf = (value: number | undefined): string => (value === undefined ? '' : String(value));

export function EditUser({ user, onClose, onDone }: Props) {
  const pools = usePools();
  const form = useForm({
    domains: user.domains.join(', '),
    senders: user.senders.join(', '),
    networks: user.networks.join('\n'),
    pool: user.pool,
    hour: textOf(user.limits?.messagesPerHour),
    day: textOf(user.limits?.messagesPerDay),
    archive: user.archive === undefined ? '' : written(user.archive),
  });
  const { domains, senders, networks, pool, hour, day, archive } = form.values;
  const was = isTracked(user);
  const [tracked, setTracked] = useState(was);
  const send = (): Promise<Answer<User>> =>
    patch<User>(pathOf('users', user.name), {
      domains: listOf(domains),
      senders: listOf(senders),
      networks: listOf(networks),
      pool,
      limits: limitsOf(user, hour, day),
      archive: archive.trim() || null,
      ...(tracked === was ? {} : { defaults: tracked ? TRACKED : { opens: null, clicks: null } }),
    });
  const done = (): void => {
    tell(t('common.saved'));
    onDone();
  };
  const title = t('users.change', { name: user.name });
  return (
    <FormDialog title={title} action={t('common.save')} open onClose={onClose} send={send} onDone={done}>
      {(problem: Problem | undefined) => (
        <>
          <Fields form={form} problem={problem} of={fields()} />
          <TrackCheck tracked={tracked} onValue={setTracked} />
          {pools.length > 0 && <Fields form={form} problem={problem} of={[poolField(pools)]} />}
          <div class="grid two">
            <Fields form={form} problem={problem} of={limitFields()} />
          </div>
          <Fields form={form} problem={problem} of={[archiveField()]} />
        </>
      )}
    </FormDialog>
  );
}

const isTracked = ({ defaults = {} }: User): boolean =>
  defaults.opens === true || (defaults.clicks ?? 'none') !== 'none';

type Name = 'domains' | 'senders' | 'networks' | 'pool' | 'hour' | 'day' | 'archive';

const fields = (): readonly FieldSpec<Name>[] => [
  { name: 'domains', label: t('users.domains'), hint: t('users.domainsHint') },
  { name: 'senders', label: t('users.senders'), hint: t('users.sendersHint') },
  networksField(),
];

const limitFields = (): readonly FieldSpec<Name>[] => [
  {
    name: 'hour',
    at: 'limits.messagesPerHour',
    label: t('users.perHour'),
    hint: t('users.limitHint'),
    kind: 'number',
  },
  {
    name: 'day',
    at: 'limits.messagesPerDay',
    label: t('users.perDay'),
    hint: t('users.limitHint'),
    kind: 'number',
  },
];

const archiveField = (): FieldSpec<Name> => ({
  name: 'archive',
  label: t('users.archive'),
  hint: t('users.archiveHint'),
  placeholder: '30d',
});

/** A limit that is emptied is taken away. */
function limitsOf({ limits = {} }: User, hour: string, day: string): object {
  const { messagesPerHour: _hour, messagesPerDay: _day, ...others } = limits;
  return {
    ...others,
    ...(hour === '' ? {} : { messagesPerHour: Number(hour) }),
    ...(day === '' ? {} : { messagesPerDay: Number(day) }),
  };
}
