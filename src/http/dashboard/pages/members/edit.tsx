// The forms about members: a new one, and what one may do from now on.
import { patch, post, type Answer, type Problem } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import type { Role } from '../../lib/session.ts';
import { tell } from '../../lib/toasts.ts';
import { Fields, FormDialog, useForm, type FieldSpec, type Form } from '../../parts/forms.tsx';
import { pathOf } from '../users/data.ts';
import { useUsers } from '../webhooks/add.tsx';

export type Member = Readonly<{ name: string; role: Role; user?: string; disabled: boolean; madeAt: number }>;
export type MadeMember = Member & Readonly<{ password?: string }>;

const roles = ['admin', 'operator', 'viewer', 'user'] as const;

type AddProps = Readonly<{ onClose(): void; onDone(made: MadeMember): void }>;

export function AddMember(props: AddProps) {
  const form = useForm<Name>({ name: '', role: 'viewer', user: '' });
  const bound = useBound(form);
  const send = (): Promise<Answer<MadeMember>> =>
    post<MadeMember>('members', { name: form.values.name.trim(), ...bound.may });
  return (
    <FormDialog title={t('members.add')} action={t('users.create')} open {...props} send={send}>
      {(problem: Problem | undefined) => (
        <>
          <Fields form={form} problem={problem} of={[nameField()]} />
          <Fields form={bound.form} problem={problem} of={mayFields(form.values.role, bound.users)} />
        </>
      )}
    </FormDialog>
  );
}

type EditProps = Readonly<{ member: Member; onClose(): void; onDone(): void }>;

export function EditMember({ member, onClose, onDone }: EditProps) {
  const { name } = member;
  const form = useForm<Name>({ name, role: member.role, user: member.user ?? '' });
  const bound = useBound(form);
  const done = (): void => {
    tell(t('common.saved'));
    onDone();
  };
  return (
    <FormDialog
      title={t('users.change', { name })}
      action={t('common.save')}
      open
      onClose={onClose}
      send={() => patch<Member>(pathOf('members', name), bound.may)}
      onDone={done}
    >
      {(problem: Problem | undefined) => (
        <Fields form={bound.form} problem={problem} of={mayFields(form.values.role, bound.users)} />
      )}
    </FormDialog>
  );
}

type Name = 'name' | 'role' | 'user';

/** Who sees one user's mail sees the first of the list until another is chosen. */
function useBound(form: Form<Name>) {
  const users = useUsers();
  const { role, user } = form.values;
  const bound = user || users[0] || '';
  return {
    users,
    form: { ...form, values: { ...form.values, user: bound } },
    may: { role, ...(role === 'user' ? { user: bound } : {}) },
  };
}

const nameField = (): FieldSpec<Name> => ({
  name: 'name',
  label: t('users.name'),
  required: true,
  autofocus: true,
});

function mayFields(role: string, users: readonly string[]): readonly FieldSpec<Name>[] {
  const about = roles.find((one) => one === role) ?? 'viewer';
  const which: FieldSpec<Name> = {
    name: 'role',
    label: t('members.role'),
    hint: t(`members.about.${about}`),
    options: roles.map((value) => ({ value, text: t(`role.${value}`) })),
  };
  if (role !== 'user') return [which];
  const options = users.map((value) => ({ value, text: value }));
  return [which, { name: 'user', label: t('members.user'), options }];
}
