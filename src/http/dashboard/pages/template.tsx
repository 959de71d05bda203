// One template: its versions, its subject, HTML and text to edit, and what comes of them for a recipient.
import { useLocation, useRoute } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { put, remove } from '../lib/api.ts';
import { useAsk } from '../lib/ask.ts';
import { t } from '../lib/i18n.ts';
import { sayProblem } from '../lib/problems.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { tell } from '../lib/toasts.ts';
import { Button, Card, Notice, PageHead, Shown, Time } from '../parts/basic.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { AreaField, Select, SelectField, Tabs, TextField } from '../parts/fields.tsx';
import { told, useForm, type Form } from '../parts/forms.tsx';
import { engineField, pathOfTemplate, type Content, type Stored, type Template } from './templates/data.ts';
import { PreviewCard } from './templates/preview.tsx';

export function TemplatePage() {
  const name = useRoute().params['name'] ?? '';
  const { route } = useLocation();
  const [version, setVersion] = useState<number | undefined>(undefined);
  const [asks, setAsks] = useState(false);
  const asked = useAsk<Template>(pathOfTemplate(name), { version });
  useTitle(name);
  const drop = async (): Promise<void> => {
    const done = await told(remove(pathOfTemplate(name)), t('users.done.remove', { name }));
    if (done !== undefined) route('/templates');
  };
  const { value } = asked;
  return (
    <>
      <PageHead
        title={<span class="breaks">{name}</span>}
        back={{ href: '/templates', text: t('nav.templates') }}
        lead={value && <Versions template={value} onValue={setVersion} />}
      >
        {value && may('templates:write') && (
          <Button icon="trash" kind="danger" onClick={() => setAsks(true)}>
            {t('common.delete')}
          </Button>
        )}
      </PageHead>
      <Shown of={asked} lines={10}>
        {(template) => (
          <Editor
            key={`${template.name} ${template.version}`}
            template={template}
            onStored={(stored) => {
              setVersion(stored.version);
              asked.again();
            }}
          />
        )}
      </Shown>
      <Confirm
        open={asks}
        onClose={() => setAsks(false)}
        title={t('users.removeTitle', { name })}
        text={t('templates.removeAsk')}
        action={t('common.delete')}
        onConfirm={drop}
      />
    </>
  );
}

function Versions({
  template: { version, versions, at },
  onValue,
}: Readonly<{ template: Template; onValue(version: number): void }>) {
  return (
    <span class="row">
      <Select
        size="small"
        label={t('templates.version')}
        value={String(version)}
        options={versions.toReversed().map((one) => ({
          value: String(one),
          text: t(one === versions.at(-1) ? 'templates.versionLatest' : 'templates.versionOf', {
            version: one,
          }),
        }))}
        onValue={(next) => onValue(Number(next))}
      />
      <span>
        {t('templates.stored')} <Time at={at} />
      </span>
    </span>
  );
}

type Name = 'engine' | 'subject' | 'html' | 'text';
type EditorProps = Readonly<{ template: Template; onStored(stored: Stored): void }>;

function Editor({ template, onStored }: EditorProps) {
  const { name, engine, subject = '', html = '', text = '', version, versions } = template;
  const form = useForm<Name>({ engine, subject, html, text });
  const [wrong, setWrong] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const content = contentOf(form);
  const changed = JSON.stringify(content) !== JSON.stringify(contentIn(template));
  const isOld = version !== versions.at(-1);
  const save = async (): Promise<void> => {
    setBusy(true);
    const answer = await put<Stored>(pathOfTemplate(name), content);
    setBusy(false);
    setWrong(answer.ok ? answer.value.mistake : sayProblem(answer.problem));
    if (!answer.ok) return;
    tell(t('templates.saved', { version: answer.value.version }));
    onStored(answer.value);
  };
  return (
    <div class="grid two template">
      <Card
        title={t('templates.content')}
        note={t('templates.contentNote')}
        actions={
          may('templates:write') && (
            <Button
              kind="primary"
              size="small"
              disabled={busy || (!changed && !isOld)}
              onClick={() => void save()}
            >
              {isOld && !changed ? t('templates.useAgain') : t('templates.save')}
            </Button>
          )
        }
      >
        <div class="stack">
          {wrong && <Notice tone="bad">{wrong}</Notice>}
          <Parts form={form} />
        </div>
      </Card>
      <PreviewCard name={name} content={content} />
    </div>
  );
}

function Parts({ form }: Readonly<{ form: Form<Name> }>) {
  const [part, setPart] = useState<'html' | 'text'>('html');
  const { engine, subject } = form.values;
  const { label, hint, options = [] } = engineField();
  const readOnly = !may('templates:write');
  return (
    <>
      <SelectField
        label={label}
        hint={hint}
        options={options}
        value={engine}
        onValue={(value) => form.set('engine', value)}
      />
      <TextField
        label={t('templates.subject')}
        name="subject"
        autocomplete="off"
        readOnly={readOnly}
        value={subject}
        onValue={(value) => form.set('subject', value)}
      />
      <Tabs
        label={t('templates.parts')}
        value={part}
        onValue={setPart}
        options={[
          { value: 'html', text: 'HTML' },
          { value: 'text', text: t('templates.text') },
        ]}
      >
        <AreaField
          label={part === 'html' ? 'HTML' : t('templates.text')}
          {...(part === 'text' ? { hint: t('templates.textHint') } : {})}
          name={part}
          class="input code"
          spellcheck={part === 'text'}
          readOnly={readOnly}
          value={form.values[part]}
          onValue={(value) => form.set(part, value)}
        />
      </Tabs>
    </>
  );
}

const contentOf = ({ values }: Form<Name>): Content => ({
  engine: values.engine === 'liquid' ? 'liquid' : 'tags',
  ...(values.subject === '' ? {} : { subject: values.subject }),
  ...(values.html === '' ? {} : { html: values.html }),
  ...(values.text === '' ? {} : { text: values.text }),
});

const contentIn = ({ engine, subject, html, text }: Template): Content => ({
  engine,
  ...(subject ? { subject } : {}),
  ...(html ? { html } : {}),
  ...(text ? { text } : {}),
});
