// The viewer's own account: who they are here, what they may, and a new password.
import { useState } from 'preact/hooks';
import { changePassword } from '../lib/session.ts';
import { session } from '../lib/session.ts';
import type { Problem } from '../lib/api.ts';
import { t } from '../lib/i18n.ts';
import { sayProblem } from '../lib/problems.ts';
import { useTitle } from '../lib/title.ts';
import { tell } from '../lib/toasts.ts';
import { Button, Card, Notice, PageHead } from '../parts/basic.tsx';
import { TextField } from '../parts/fields.tsx';
import { Fields, useForm, type FieldSpec } from '../parts/forms.tsx';
import { LanguageSwitch, ThemeSwitch } from '../parts/switches.tsx';

export function AccountPage() {
  const now = session.value;
  useTitle(t('account.title'));
  if (typeof now !== 'object') return null;
  return (
    <>
      <PageHead title={t('account.title')} lead={t('account.lead')} />
      <div class="grid two">
        <Card title={t('account.you')}>
          <dl class="pairs">
            <dt>{t('login.name')}</dt>
            <dd>{now.name}</dd>
            <dt>{t('members.role')}</dt>
            <dd>
              {t(`role.${now.role}`)}
              <br />
              <span class="small quiet">{t(`members.about.${now.role}`)}</span>
            </dd>
            {now.user !== undefined && (
              <>
                <dt>{t('members.user')}</dt>
                <dd>{now.user}</dd>
              </>
            )}
            <dt>{t('frame.theme')}</dt>
            <dd>
              <ThemeSwitch />
            </dd>
            <dt>{t('frame.language')}</dt>
            <dd>
              <LanguageSwitch />
            </dd>
          </dl>
        </Card>
        <Password name={now.name} />
      </div>
    </>
  );
}

type Name = 'password' | 'newPassword' | 'again';
const EMPTY: Readonly<Record<Name, string>> = { password: '', newPassword: '', again: '' };

function Password({ name }: Readonly<{ name: string }>) {
  const form = useForm<Name>(EMPTY);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const { password, newPassword, again } = form.values;
  const differ = again !== '' && again !== newPassword;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy || differ) return;
    setBusy(true);
    const wrong = await changePassword(password, newPassword);
    setBusy(false);
    setProblem(wrong);
    if (wrong) return;
    for (const field of ['password', 'newPassword', 'again'] as const) form.set(field, '');
    tell(t('account.changed'));
  };
  return (
    <Card title={t('account.password')} note={t('account.passwordNote')}>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        {problem && <Notice tone="bad">{sayProblem(problem)}</Notice>}
        {/* Programs that keep passwords want to know whose it is. */}
        <input
          class="visually-hidden"
          name="name"
          autocomplete="username"
          value={name}
          readOnly
          tabIndex={-1}
          aria-hidden
        />
        <Fields form={form} problem={problem} of={fields()} />
        <TextField
          label={t('account.again')}
          name="again"
          type="password"
          autocomplete="new-password"
          required
          value={again}
          onValue={(value) => form.set('again', value)}
          {...(differ ? { wrong: t('account.differ') } : {})}
        />
        <div class="buttons">
          <Button kind="primary" type="submit" disabled={busy || differ}>
            {t('account.change')}
          </Button>
        </div>
      </form>
    </Card>
  );
}

const fields = (): readonly FieldSpec<Name>[] => [
  {
    name: 'password',
    label: t('account.old'),
    kind: 'password',
    required: true,
    autocomplete: 'current-password',
  },
  {
    name: 'newPassword',
    label: t('users.newPassword'),
    hint: t('account.newHint'),
    kind: 'password',
    required: true,
    autocomplete: 'new-password',
  },
];
