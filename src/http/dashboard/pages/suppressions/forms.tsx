// Forms of suppressions: one address by hand, and a CSV file of many.
import { useState } from 'preact/hooks';
import { address as addressOf, post, type Answer, type Problem } from '../../lib/api.ts';
import { number } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { session } from '../../lib/session.ts';
import { tell, tellProblem } from '../../lib/toasts.ts';
import { Fields, FormDialog, useForm, type FieldSpec } from '../../parts/forms.tsx';
import { useUsers } from '../webhooks/add.tsx';

type Props = Readonly<{ list: 'account' | 'everywhere'; onClose(): void; onDone(): void }>;

export function AddSuppression({ list, onClose, onDone }: Props) {
  const users = useUsers();
  const form = useForm({ address: '', reason: '', user: '', topic: '', for: '' });
  const { address, reason, user, topic, for: span } = form.values;
  const send = (): Promise<Answer<unknown>> =>
    post('suppressions', {
      address: address.trim(),
      ...(reason.trim() && { reason: reason.trim() }),
      ...(user && { user }),
      ...(topic.trim() && { topic: topic.trim() }),
      ...(span.trim() && { for: span.trim() }),
      ...(list === 'everywhere' && { everywhere: true }),
    });
  const done = (): void => {
    tell(t('suppressions.added', { address: address.trim() }));
    onDone();
  };
  return (
    <FormDialog
      title={t('suppressions.add')}
      action={t('suppressions.create')}
      open
      onClose={onClose}
      send={send}
      onDone={done}
    >
      {(problem: Problem | undefined) => <Fields form={form} problem={problem} of={fields(users)} />}
    </FormDialog>
  );
}

type Name = 'address' | 'reason' | 'user' | 'topic' | 'for';

function fields(users: readonly string[]): readonly FieldSpec<Name>[] {
  const options = [{ value: '', text: t('common.all') }, ...users.map((value) => ({ value, text: value }))];
  return [
    {
      name: 'address',
      label: t('suppressions.address'),
      placeholder: 'someone@example.com',
      required: true,
      autofocus: true,
    },
    { name: 'reason', label: t('suppressions.reason'), hint: t('suppressions.reasonHint') },
    ...(users.length === 0 ? [] : [{ name: 'user', label: t('suppressions.ofUser'), options } as const]),
    { name: 'topic', label: t('suppressions.topic'), hint: t('suppressions.topicHint') },
    { name: 'for', label: t('suppressions.for'), hint: t('suppressions.forHint'), placeholder: '30d' },
  ];
}

type Came = Readonly<{
  added: number;
  known: number;
  wrong: number;
  problems: readonly Readonly<{ line: number; text: string }>[];
}>;

export function ImportSuppressions({ list, onClose, onDone }: Props) {
  const [file, setFile] = useState<File | undefined>(undefined);
  const who = session.value;
  const path = addressOf('suppressions/import', list === 'everywhere' ? { everywhere: true } : {});
  const done = ({ added, known, wrong, problems }: Came): void => {
    tell(t('suppressions.imported', { added: number(added), known: number(known) }));
    const first = problems[0];
    if (first)
      tellProblem(t('suppressions.wrong', { wrong: number(wrong), line: first.line, text: first.text }));
    onDone();
  };
  return (
    <FormDialog
      title={t('suppressions.import')}
      action={t('suppressions.import')}
      open
      onClose={onClose}
      send={() => post<Came>(path, file ?? new Blob([]))}
      onDone={done}
    >
      {() => (
        <label class="field">
          <span class="label">{t('suppressions.file')}</span>
          <input
            class="input"
            type="file"
            accept=".csv,.txt,text/csv,text/plain"
            required
            disabled={typeof who === 'object' && who.user !== undefined}
            onChange={(event) => setFile(event.currentTarget.files?.[0])}
          />
          <span class="hint">{t('suppressions.fileHint')}</span>
        </label>
      )}
    </FormDialog>
  );
}
