// The form for a new API key: what it is for, what it may do, for whose mail, for how long.
import { useState } from 'preact/hooks';
import { post, type Answer, type Problem } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { session } from '../../lib/session.ts';
import { now } from '../../lib/time.ts';
import { Notice } from '../../parts/basic.tsx';
import { Check, Choice } from '../../parts/fields.tsx';
import { Fields, FormDialog, useForm, type FieldSpec } from '../../parts/forms.tsx';
import { useUsers } from '../webhooks/add.tsx';
import type { MadeKey } from './data.ts';

const DAY = 86_400_000;
const presets = {
  send: ['messages:send'],
  follow: ['messages:read', 'events:read', 'statistics:read'],
  own: [],
} as const;
type Preset = keyof typeof presets;

type Props = Readonly<{ onClose(): void; onDone(made: MadeKey): void }>;

export function AddKey(props: Props) {
  const who = session.value;
  const mine = typeof who === 'object' ? who.scopes : [];
  const users = useUsers();
  const form = useForm({ name: '', user: '', days: '' });
  const [preset, setPreset] = useState<Preset>('send');
  const [own, setOwn] = useState<readonly string[]>([]);
  const scopes = preset === 'own' ? own : presets[preset];
  const { name, user, days } = form.values;
  const send = (): Promise<Answer<MadeKey>> =>
    post<MadeKey>('keys', {
      name: name.trim(),
      scopes,
      ...(user === '' ? {} : { user }),
      ...(days === '' ? {} : { expiresAt: now() + Number(days) * DAY }),
    });
  const choices = (['send', 'follow', 'own'] as const).map((value) => ({
    value,
    text: t(`keys.preset.${value}`),
  }));
  return (
    <FormDialog title={t('keys.add')} action={t('keys.create')} open size="wide" {...props} send={send}>
      {(problem: Problem | undefined) => (
        <>
          <Fields form={form} problem={problem} of={fields(users)} />
          <div class="stack tight-stack">
            <span class="label">{t('keys.may')}</span>
            <div>
              <Choice label={t('keys.may')} options={choices} value={preset} onValue={setPreset} />
            </div>
            {preset === 'own' ? (
              <Scopes all={mine} chosen={own} onValue={setOwn} />
            ) : (
              <Notice>{t(`keys.presetText.${preset}`)}</Notice>
            )}
          </div>
        </>
      )}
    </FormDialog>
  );
}

function fields(users: readonly string[]): readonly FieldSpec<'name' | 'user' | 'days'>[] {
  const name: FieldSpec<'name'> = {
    name: 'name',
    label: t('keys.name'),
    hint: t('keys.nameHint'),
    required: true,
    autofocus: true,
  };
  const days: FieldSpec<'days'> = {
    name: 'days',
    label: t('keys.days'),
    hint: t('keys.daysHint'),
    kind: 'number',
    at: 'expiresAt',
  };
  if (users.length === 0) return [name, days];
  const options = [{ value: '', text: t('common.all') }, ...users.map((value) => ({ value, text: value }))];
  return [name, { name: 'user', label: t('webhooks.ofUser'), options }, days];
}

type ScopesProps = Readonly<{
  all: readonly string[];
  chosen: readonly string[];
  onValue(chosen: readonly string[]): void;
}>;

/** One may hand on what one may do oneself. */
function Scopes({ all, chosen, onValue }: ScopesProps) {
  return (
    <fieldset class="columns">
      <legend>{t('keys.own')}</legend>
      {all.map((scope) => (
        <Check
          key={scope}
          label={<code>{scope}</code>}
          checked={chosen.includes(scope)}
          onValue={(on) => onValue(on ? [...chosen, scope] : chosen.filter((one) => one !== scope))}
        />
      ))}
    </fieldset>
  );
}
