// Forms in dialogs, what the server said against their fields, secrets that are shown once, and deeds that are told when done.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer, Problem } from '../lib/api.ts';
import { t } from '../lib/i18n.ts';
import { sayProblem, sayServer } from '../lib/problems.ts';
import { tell, tellProblem } from '../lib/toasts.ts';
import { Button, Notice } from './basic.tsx';
import { Copyable } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { AreaField, SelectField, TextField, type Option } from './fields.tsx';

/** What the server said against a field of the body. */
export function wrongAt(problem: Problem | undefined, field: string): { wrong?: string } {
  const found = problem?.errors?.find(({ path }) => {
    const at = path.replace(/^body\.?/, '');
    return at === field || at.startsWith(`${field}.`);
  });
  return found ? { wrong: sayServer(found.message) } : {};
}

export type Form<Name extends string> = Readonly<{
  values: Readonly<Record<Name, string>>;
  set(name: Name, value: string): void;
}>;

/** What is filled into a form, as text. */
export function useForm<Name extends string>(initial: Readonly<Record<Name, string>>): Form<Name> {
  const [values, setValues] = useState(initial);
  return { values, set: (name, value) => setValues((last) => ({ ...last, [name]: value })) };
}

export type FieldSpec<Name extends string> = Readonly<{
  name: Name;
  label: string;
  hint?: string;
  /** Several lines, or a number; default: one line of text. */
  kind?: 'area' | 'number' | 'url' | 'password';
  options?: readonly Option<string>[];
  required?: boolean;
  autofocus?: boolean;
  placeholder?: string;
  autocomplete?: string;
  /** The field of the body that it stands for; default: its name. */
  at?: string;
}>;

/** The fields of a form, each with what the server said against it. */
export function Fields<Name extends string>({
  form,
  problem,
  of,
}: Readonly<{ form: Form<Name>; problem: Problem | undefined; of: readonly FieldSpec<Name>[] }>) {
  return (
    <>
      {of.map(({ name, at = name, kind, options, label, hint, ...rest }) => {
        const common = {
          label,
          ...(hint === undefined ? {} : { hint }),
          value: form.values[name],
          onValue: (value: string) => form.set(name, value),
          ...wrongAt(problem, at),
        };
        if (options) return <SelectField key={name} options={options} {...common} />;
        if (kind === 'area') return <AreaField key={name} name={name} {...rest} {...common} />;
        const type = kind ?? 'text';
        return <TextField key={name} name={name} type={type} autocomplete="off" {...rest} {...common} />;
      })}
    </>
  );
}

export type FormDialogProps<T> = Readonly<{
  title: string;
  /** What the button says that sends it: a verb. */
  action: string;
  open: boolean;
  size?: 'wide';
  onClose(): void;
  send(): Promise<Answer<T>>;
  /** It worked; the dialog is closed already. */
  onDone(value: T): void;
  /** What went wrong is said by the children. */
  hidesProblem?: boolean;
  children: (problem: Problem | undefined) => ComponentChildren;
}>;

export function FormDialog<T>({ title, action, open, size, onClose, ...rest }: FormDialogProps<T>) {
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const close = (): void => {
    setProblem(undefined);
    onClose();
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const answer = await rest.send();
    setBusy(false);
    if (!answer.ok) return setProblem(answer.problem);
    close();
    rest.onDone(answer.value);
  };
  return (
    <Dialog title={title} open={open} onClose={close} {...(size ? { size } : {})}>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        {problem && !rest.hidesProblem && <Notice tone="bad">{sayProblem(problem)}</Notice>}
        {rest.children(problem)}
        <div class="buttons">
          <Button onClick={close}>{t('common.keep')}</Button>
          <Button kind="primary" type="submit" disabled={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export type OnceProps = Readonly<{
  title: string;
  /** What it is for. */
  text: string;
  /** What is shown once; undefined: the dialog is closed. */
  secret: string | undefined;
  what: string;
  onClose(): void;
  children?: ComponentChildren;
}>;

/** A secret that nobody can read again. */
export function Once({ title, text, secret, what, onClose, children }: OnceProps) {
  return (
    <Dialog title={title} open={secret !== undefined} onClose={onClose}>
      <p>{text}</p>
      <div class="secret">
        <Copyable text={secret ?? ''} what={what} />
      </div>
      <Notice tone="warn">{t('common.once')}</Notice>
      {children}
      <div class="buttons">
        <Button kind="primary" onClick={onClose}>
          {t('common.kept')}
        </Button>
      </div>
    </Dialog>
  );
}

/** Says what was done, or what went wrong; the value when it worked. `undo` takes it back. */
export async function told<T>(
  asked: Promise<Answer<T>>,
  said: string,
  undo?: () => void,
): Promise<T | undefined> {
  const answer = await asked;
  if (answer.ok) {
    tell(said, undo);
    return answer.value;
  }
  tellProblem(t('common.failed', { problem: sayProblem(answer.problem) }));
  return undefined;
}

/** "a, b  c" or lines → the single words. */
export const listOf = (text: string): string[] => text.split(/[\s,;]+/).filter((one) => one !== '');

/** A button, and what it does. */
export function Deed({ text, children }: Readonly<{ text: string; children: ComponentChildren }>) {
  return (
    <div class="deed">
      <p>{text}</p>
      <div class="buttons">{children}</div>
    </div>
  );
}
