// The form for a new webhook: its address, its shape, whose events and which.
import { useState } from 'preact/hooks';
import { post, type Answer, type Problem } from '../../lib/api.ts';
import { useAsk, type Page } from '../../lib/ask.ts';
import { t } from '../../lib/i18n.ts';
import { may } from '../../lib/session.ts';
import { Check } from '../../parts/fields.tsx';
import { Fields, FormDialog, listOf, useForm, type FieldSpec } from '../../parts/forms.tsx';
import { messageTypes, shapes, type WithSecret } from './data.ts';

type Props = Readonly<{ onClose(): void; onDone(made: WithSecret): void }>;

export function AddWebhook(props: Props) {
  const users = useUsers();
  const form = useForm({
    name: '',
    url: '',
    shape: 'standard',
    user: '',
    campaigns: '',
    tags: '',
    secret: '',
  });
  const events = useEvents([], false);
  const { name, url, shape, user, campaigns, tags, secret } = form.values;
  const send = (): Promise<Answer<WithSecret>> =>
    post<WithSecret>('webhooks', {
      name: name.trim(),
      url: url.trim(),
      shape,
      types: events.types,
      people: events.people,
      campaigns: listOf(campaigns),
      tags: listOf(tags),
      ...(user === '' ? {} : { user }),
      ...(secret.trim() === '' ? {} : { secret: secret.trim() }),
    });
  return (
    <FormDialog
      title={t('webhooks.add')}
      action={t('webhooks.create')}
      open
      size="wide"
      {...props}
      send={send}
    >
      {(problem: Problem | undefined) => (
        <>
          <Fields form={form} problem={problem} of={mainFields(users)} />
          <EventChecks {...events} />
          <details>
            <summary>{t('webhooks.more')}</summary>
            <div class="stack notes">
              <Fields form={form} problem={problem} of={moreFields()} />
            </div>
          </details>
        </>
      )}
    </FormDialog>
  );
}

type Name = 'name' | 'url' | 'shape' | 'user' | 'campaigns' | 'tags' | 'secret';

function mainFields(users: readonly string[]): readonly FieldSpec<Name>[] {
  const own: readonly FieldSpec<Name>[] = [
    {
      name: 'name',
      label: t('webhooks.name'),
      hint: t('webhooks.nameHint'),
      required: true,
      autofocus: true,
    },
    {
      name: 'url',
      label: t('webhooks.url'),
      hint: t('webhooks.urlHint'),
      kind: 'url',
      placeholder: 'https://',
      required: true,
    },
    {
      name: 'shape',
      label: t('webhooks.shape'),
      hint: t('webhooks.shapeHint'),
      options: shapes.map((value) => ({ value, text: t(`shape.${value}`) })),
    },
  ];
  if (users.length === 0) return own;
  const options = [{ value: '', text: t('common.all') }, ...users.map((value) => ({ value, text: value }))];
  return [...own, { name: 'user', label: t('webhooks.ofUser'), options }];
}

const moreFields = (): readonly FieldSpec<Name>[] => [
  { name: 'campaigns', label: t('webhooks.campaigns'), hint: t('webhooks.listHint') },
  { name: 'tags', label: t('webhooks.tags'), hint: t('webhooks.listHint') },
  { name: 'secret', label: t('webhooks.ownSecret'), hint: t('webhooks.ownSecretHint') },
];

/** Names of the users that the viewer may choose among. */
export function useUsers(): readonly string[] {
  const path = may('users:read') ? 'users' : undefined;
  const found = useAsk<Page<Readonly<{ name: string }>>>(path, { limit: 200 }).value?.items ?? [];
  return found.map(({ name }) => name);
}

type Events = Readonly<{
  types: readonly string[];
  /** Of people only. */
  people: boolean;
  onTypes(types: readonly string[]): void;
  onPeople(people: boolean): void;
}>;

/** Which events are chosen. */
export function useEvents(firstTypes: readonly string[], firstPeople: boolean): Events {
  const [types, onTypes] = useState(firstTypes);
  const [people, onPeople] = useState(firstPeople);
  return { types, people, onTypes, onPeople };
}

export function EventChecks({ types, people, onTypes, onPeople }: Events) {
  return (
    <>
      <fieldset class="columns">
        <legend>{t('webhooks.types')}</legend>
        {messageTypes.map((type) => (
          <Check
            key={type}
            label={t(`status.${type}`)}
            checked={types.includes(type)}
            onValue={(on) => onTypes(on ? [...types, type] : types.filter((one) => one !== type))}
          />
        ))}
      </fieldset>
      <Check
        label={t('webhooks.people')}
        hint={t('webhooks.peopleHint')}
        checked={people}
        onValue={onPeople}
      />
    </>
  );
}
