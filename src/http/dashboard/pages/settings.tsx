// Settings: the configuration in effect with the source of each value, checks, processes and limits; the file is changed elsewhere.
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { remove } from '../lib/api.ts';
import { useAsk, usePages, type Page } from '../lib/ask.ts';
import { relative } from '../lib/format.ts';
import { t, word } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { sayServer } from '../lib/problems.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, Empty, Notice, PageHead, Shown, Time } from '../parts/basic.tsx';
import { Tabs } from '../parts/fields.tsx';
import { told } from '../parts/forms.tsx';
import { PagedTable, Table } from '../parts/table.tsx';
import { Configuration, type Configured } from './settings/configuration.tsx';
import { Finding } from './transports/findings.tsx';
import { pathOf } from './users/data.ts';

const views = ['configuration', 'checks', 'processes', 'limits'] as const;
type View = (typeof views)[number];
const EVERY_MS = 10_000;

export function SettingsPage() {
  const { query, route } = useLocation();
  const view = views.find((one) => one === query['view']) ?? 'configuration';
  useTitle(t('nav.settings'));
  return (
    <>
      <PageHead title={t('nav.settings')} lead={t('settings.lead')} />
      <Tabs<View>
        label={t('nav.settings')}
        options={views.map((value) => ({ value, text: t(`settings.view.${value}`) }))}
        value={view}
        onValue={(value) => route(`/settings?view=${value}`, true)}
      >
        {view === 'configuration' && <Effective />}
        {view === 'checks' && <Checks />}
        {view === 'processes' && <Processes />}
        {view === 'limits' && <Limits />}
      </Tabs>
    </>
  );
}

function Effective() {
  const asked = useAsk<Configured>('settings');
  return <Shown of={asked}>{(value) => <Configuration of={value} />}</Shown>;
}

type Check = Readonly<{ name: string; state: string; sentence: string }>;

function Checks() {
  const asked = useAsk<Readonly<{ isGood: boolean; items: readonly Check[] }>>('checks');
  return (
    <Card
      title={t('settings.checks')}
      actions={
        <Button size="small" icon="again" disabled={asked.busy} onClick={asked.again}>
          {asked.busy ? t('domain.checking') : t('transports.check')}
        </Button>
      }
    >
      <Shown of={asked}>
        {({ items }) => (
          <ul class="checks">
            {items.map(({ name, state, sentence }) => (
              <Finding key={`${name} ${sentence}`} state={state}>
                <strong>{name}</strong> {sayServer(sentence)}
              </Finding>
            ))}
          </ul>
        )}
      </Shown>
    </Card>
  );
}

type Running = Readonly<{
  name: string;
  version: string;
  roles: readonly string[];
  host: string;
  pid: number;
  since: number;
}>;

function Processes() {
  const asked = useAsk<Page<Running>>('processes', { limit: 200 }, EVERY_MS);
  return (
    <Card inside="bare" title={t('settings.view.processes')}>
      <Shown of={asked}>
        {({ items }) => (
          <>
            {new Set(items.map(({ version }) => version)).size > 1 && (
              <div class="inside">
                <Notice tone="wait">{t('settings.versions')}</Notice>
              </div>
            )}
            <Table
              label={t('settings.view.processes')}
              rows={items}
              keyOf={({ name }) => name}
              columns={[
                {
                  title: t('settings.host'),
                  isName: true,
                  kind: 'whole',
                  cell: ({ host, pid }) => <span>{`${host}, ${pid}`}</span>,
                },
                { title: t('settings.roles'), cell: ({ roles }) => roles.join(', ') },
                { title: t('settings.version'), cell: ({ version }) => version },
                { title: t('settings.since'), cell: ({ since }) => <Time at={since} as="relative" /> },
              ]}
            />
          </>
        )}
      </Shown>
    </Card>
  );
}

type Limit = Readonly<{
  id: string;
  scope: string;
  key: string;
  does: string;
  until?: number;
  why: string;
}>;

function Limits() {
  const pages = usePages<Limit>('limits', { limit: 100 }, EVERY_MS);
  const [busy, setBusy] = useState('');
  const lift = async ({ id, key }: Limit): Promise<void> => {
    setBusy(id);
    await told(remove(pathOf('limits', id)), t('settings.lifted', { key }));
    setBusy('');
    pages.again();
  };
  return (
    <Card inside="bare" title={t('settings.limits')} note={t('settings.limitsNote')}>
      <PagedTable
        label={t('settings.limits')}
        pages={pages}
        keyOf={({ id }) => id}
        empty={<Empty icon="check-circle" title={t('settings.noLimits')} text={t('now.nothingSlowed')} />}
        columns={[
          {
            title: t('settings.about'),
            isName: true,
            kind: 'whole',
            cell: ({ scope, key }) => <span>{`${word('scope', scope)} ${key}`}</span>,
          },
          { title: t('settings.does'), cell: ({ does }) => does },
          { title: t('transports.reason'), cell: ({ why }) => <span class="breaks">{sayServer(why)}</span> },
          {
            title: t('suppressions.until'),
            cell: ({ until }) => (until === undefined ? '–' : relative(until)),
          },
          {
            title: t('suppressions.lift'),
            kind: 'tight',
            cell: (limit) =>
              may('transports:write') && (
                <Button size="small" disabled={busy === limit.id} onClick={() => void lift(limit)}>
                  {t('suppressions.lift')}
                </Button>
              ),
          },
        ]}
      />
    </Card>
  );
}
