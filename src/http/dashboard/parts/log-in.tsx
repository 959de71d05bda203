// The log-in of a member.
import { useState } from 'preact/hooks';
import { t } from '../lib/i18n.ts';
import { sayProblem } from '../lib/problems.ts';
import { logIn } from '../lib/session.ts';
import { Button, Notice } from './basic.tsx';
import { TextField } from './fields.tsx';
import { Mark } from './icons.tsx';
import { LanguageSwitch, ThemeSwitch } from './switches.tsx';

export function LogIn() {
  const [name, setName] = useState('admin');
  const [password, setPassword] = useState('');
  const [wrong, setWrong] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);

  const submit = async (): Promise<void> => {
    setBusy(true);
    const problem = await logIn(name.trim(), password);
    setBusy(false);
    if (!problem) return;
    setPassword('');
    setWrong(problem.status === 401 ? t('login.wrong') : sayProblem(problem));
  };

  return (
    <main class="log-in">
      <h1 class="brand">
        <Mark /> Postino
      </h1>
      <form
        aria-label={t('login.title')}
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {wrong && <Notice tone="bad">{wrong}</Notice>}
        <TextField
          label={t('login.name')}
          name="name"
          value={name}
          onValue={setName}
          autocomplete="username"
          required
        />
        <TextField
          label={t('login.password')}
          name="password"
          type="password"
          value={password}
          onValue={setPassword}
          autocomplete="current-password"
          required
          autofocus
        />
        <Button kind="primary" type="submit" disabled={busy}>
          {t('login.submit')}
        </Button>
        <p class="small quiet">{t('login.hint')}</p>
      </form>
      <div class="switches">
        <ThemeSwitch />
        <LanguageSwitch />
      </div>
    </main>
  );
}
