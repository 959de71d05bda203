// The form that changes a webhook: where it sends, of whose mail, which events, how many at a time. Its shape stays.
import { patch, type Answer, type Problem } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { tell } from '../../lib/toasts.ts';
import { Fields, FormDialog, listOf, useForm, type FieldSpec } from '../../parts/forms.tsx';
import { fieldsIn, sayFields } from '../recipients/data.ts';
import { pathOf } from '../users/data.ts';
import { EventChecks, useEvents, useUsers } from './add.tsx';
import type { Webhook } from './data.ts';

type Props = Readonly<{ hook: Webhook; onClose(): void; onDone(): void }>;

export function EditWebhook({ hook, onClose, onDone }: Props) {
  const users = useUsers();
  const form = useForm(initial(hook));
  const events = useEvents(hook.types, hook.people);
  const send = (): Promise<Answer<Webhook>> =>
    patch<Webhook>(pathOf('webhooks', hook.id), {
      types: events.types,
      people: events.people,
      ...changeOf(hook, form.values),
    });
  const done = (): void => {
    tell(t('common.saved'));
    onDone();
  };
  const title = t('users.change', { name: hook.name });
  return (
    <FormDialog
      title={title}
      action={t('common.save')}
      open
      size="wide"
      onClose={onClose}
      send={send}
      onDone={done}
    >
      {(problem: Problem | undefined) => (
        <>
          <Fields form={form} problem={problem} of={mainFields(users)} />
          <EventChecks {...events} />
          <Fields form={form} problem={problem} of={filterFields()} />
          {hook.shape === 'smtpplus' && <Fields form={form} problem={problem} of={requestFields()} />}
          <div class="grid two">
            <Fields form={form} problem={problem} of={batchFields()} />
          </div>
        </>
      )}
    </FormDialog>
  );
}

const initial = ({ name, url, user = '', ...hook }: Webhook) => ({
  name,
  url,
  user,
  campaigns: hook.campaigns.join(', '),
  tags: hook.tags.join(', '),
  domains: hook.domains.join(', '),
  method: String(hook.method),
  parameters: sayFields(hook.parameters),
  batchSize: String(hook.batchSize),
  batchWait: String(hook.batchWait),
});

type Values = ReturnType<typeof initial>;
type Name = keyof Values;

/** A password in the address is not shown, and stays as long as the address does. */
function changeOf(hook: Webhook, { name, url, user, ...lists }: Values): object {
  return {
    name: name.trim(),
    ...(url.trim() === hook.url ? {} : { url: url.trim() }),
    ...(user === (hook.user ?? '') ? {} : { user: user === '' ? null : user }),
    campaigns: listOf(lists.campaigns),
    tags: listOf(lists.tags),
    domains: listOf(lists.domains),
    ...(hook.shape === 'smtpplus' ? { method: lists.method, parameters: fieldsIn(lists.parameters) } : {}),
    batchSize: Number(lists.batchSize),
    batchWait: Number(lists.batchWait),
  };
}

function mainFields(users: readonly string[]): readonly FieldSpec<Name>[] {
  const own: readonly FieldSpec<Name>[] = [
    { name: 'name', label: t('webhooks.name'), hint: t('webhooks.nameHint'), required: true },
    { name: 'url', label: t('webhooks.url'), hint: t('webhooks.urlHint'), kind: 'url', required: true },
  ];
  if (users.length === 0) return own;
  const options = [{ value: '', text: t('common.all') }, ...users.map((value) => ({ value, text: value }))];
  return [...own, { name: 'user', label: t('webhooks.ofUser'), options }];
}

const filterFields = (): readonly FieldSpec<Name>[] => [
  { name: 'campaigns', label: t('webhooks.campaigns'), hint: t('webhooks.listHint') },
  { name: 'tags', label: t('webhooks.tags'), hint: t('webhooks.listHint') },
  { name: 'domains', label: t('webhooks.domains'), hint: t('webhooks.listHint') },
];

const requestFields = (): readonly FieldSpec<Name>[] => [
  {
    name: 'method',
    label: t('webhooks.method'),
    options: ['GET', 'POST'].map((value) => ({ value, text: value })),
  },
  {
    name: 'parameters',
    label: t('webhooks.parameters'),
    hint: t('webhooks.parametersHint'),
    kind: 'area',
    placeholder: 'mail = [Email]',
  },
];

const batchFields = (): readonly FieldSpec<Name>[] => [
  { name: 'batchSize', label: t('webhooks.batchSize'), kind: 'number', required: true },
  { name: 'batchWait', label: t('webhooks.batchWait'), kind: 'number', required: true },
];
