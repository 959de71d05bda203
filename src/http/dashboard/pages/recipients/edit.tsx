// The form that changes what merge tags say of a recipient: its name, and one field a line.
import { patch, type Answer, type Problem } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { tell } from '../../lib/toasts.ts';
import { Fields, FormDialog, useForm } from '../../parts/forms.tsx';
import { pathOf } from '../users/data.ts';
import { fieldsIn, sayFields, type Recipient } from './data.ts';

type Props = Readonly<{ recipient: Recipient; onClose(): void; onDone(): void }>;

export function EditRecipient({ recipient, onClose, onDone }: Props) {
  const form = useForm({ name: recipient.name ?? '', fields: sayFields(recipient.fields) });
  const { name, fields } = form.values;
  const send = (): Promise<Answer<Recipient>> => {
    const next = fieldsIn(fields);
    // A merge patch takes a field away with null.
    const gone = Object.keys(recipient.fields).filter((key) => !Object.hasOwn(next, key));
    return patch<Recipient>(pathOf('recipients', recipient.address), {
      name: name.trim() === '' ? null : name.trim(),
      fields: { ...Object.fromEntries(gone.map((key) => [key, null])), ...next },
    });
  };
  const done = (): void => {
    tell(t('common.saved'));
    onDone();
  };
  const title = t('users.change', { name: recipient.address });
  return (
    <FormDialog title={title} action={t('common.save')} open onClose={onClose} send={send} onDone={done}>
      {(problem: Problem | undefined) => (
        <Fields
          form={form}
          problem={problem}
          of={[
            { name: 'name', label: t('users.name'), hint: t('recipients.nameHint'), autofocus: true },
            {
              name: 'fields',
              label: t('recipients.fields'),
              hint: t('recipients.fieldsHint'),
              kind: 'area',
              placeholder: 'city = Torino',
            },
          ]}
        />
      )}
    </FormDialog>
  );
}
