// Templates: stored texts that messages name instead of bringing their own, with all their versions.
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { put, type Answer, type Problem } from '../lib/api.ts';
import { usePages } from '../lib/ask.ts';
import { number } from '../lib/format.ts';
import { t } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, Empty, PageHead } from '../parts/basic.tsx';
import { Fields, FormDialog, useForm } from '../parts/forms.tsx';
import { PagedTable, type Column } from '../parts/table.tsx';
import { addressOf, engineField, pathOfTemplate, type ListedTemplate } from './templates/data.ts';

const LIMIT = 100;

export function TemplatesPage() {
  const [adds, setAdds] = useState(false);
  const pages = usePages<ListedTemplate>('templates', { limit: LIMIT });
  useTitle(t('nav.templates'));
  const add = may('templates:write') && (
    <Button kind="primary" icon="plus" onClick={() => setAdds(true)}>
      {t('templates.add')}
    </Button>
  );
  return (
    <>
      <PageHead title={t('nav.templates')} lead={t('templates.lead')}>
        {add}
      </PageHead>
      <Card inside="bare">
        <PagedTable
          label={t('nav.templates')}
          pages={pages}
          keyOf={({ name }) => name}
          columns={columns()}
          empty={
            <Empty icon="file" title={t('templates.none')} text={t('templates.noneText')}>
              {add && <div class="buttons">{add}</div>}
            </Empty>
          }
        />
      </Card>
      {adds && <AddTemplate onClose={() => setAdds(false)} />}
    </>
  );
}

const columns = (): readonly Column<ListedTemplate>[] => [
  {
    title: t('users.name'),
    isName: true,
    kind: 'whole',
    cell: ({ name }) => <a href={addressOf(name)}>{name}</a>,
  },
  { title: t('templates.engine'), cell: ({ engine }) => t(`templates.engine.${engine}`) },
  { title: t('templates.latest'), kind: 'number', cell: ({ latest }) => number(latest) },
  { title: t('templates.versions'), kind: 'number', cell: ({ versions }) => number(versions.length) },
];

function AddTemplate({ onClose }: Readonly<{ onClose(): void }>) {
  const { route } = useLocation();
  const form = useForm<'name' | 'engine'>({ name: '', engine: 'tags' });
  const { name, engine } = form.values;
  const send = (): Promise<Answer<unknown>> =>
    put(pathOfTemplate(name.trim()), {
      engine,
      subject: t('templates.firstSubject'),
      html: t('templates.firstHtml'),
    });
  return (
    <FormDialog
      title={t('templates.add')}
      action={t('templates.create')}
      open
      onClose={onClose}
      send={send}
      onDone={() => route(addressOf(name.trim()))}
    >
      {(problem: Problem | undefined) => (
        <Fields
          form={form}
          problem={problem}
          of={[
            {
              name: 'name',
              label: t('users.name'),
              hint: t('templates.nameHint'),
              required: true,
              autofocus: true,
            },
            engineField(),
          ]}
        />
      )}
    </FormDialog>
  );
}
