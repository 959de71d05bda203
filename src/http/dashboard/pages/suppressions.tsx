// Suppressions: addresses that nothing is sent to any more, why, and how to lift or add one; lists come and go as CSV.
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { address as addressOf, remove } from '../lib/api.ts';
import { useAsk, usePages } from '../lib/ask.ts';
import { t, word } from '../lib/i18n.ts';
import { sayProblem } from '../lib/problems.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { tellProblem, undoable } from '../lib/toasts.ts';
import { Button, Card, Empty, LinkButton, PageHead, Shown, Time } from '../parts/basic.tsx';
import { Choice } from '../parts/fields.tsx';
import { PagedTable, Table, type Column } from '../parts/table.tsx';
import { AddSuppression, ImportSuppressions } from './suppressions/forms.tsx';
import { Finder } from './suppressions/finder.tsx';
import { pathOf } from './users/data.ts';

export type Entry = Readonly<{
  address: string;
  topic?: string;
  user?: string;
  domain?: string;
  reason: string;
  at: number;
  until?: number;
  reply?: string;
  isEverywhere?: boolean;
}>;

type List = 'account' | 'everywhere';
const LIMIT = 100;
const keyOf = ({ address, topic = '', user = '', domain = '' }: Entry): string =>
  [address, topic, user, domain].join(' ');

export function SuppressionsPage() {
  const { query } = useLocation();
  const [list, setList] = useState<List>('account');
  const [opens, setOpens] = useState<'add' | 'import' | undefined>(
    query['add'] === undefined ? undefined : 'add',
  );
  const everywhere = list === 'everywhere' ? { everywhere: true } : {};
  const pages = usePages<Entry>('suppressions', { limit: LIMIT, ...everywhere });
  const sought = query['address'] ?? '';
  useTitle(t('nav.suppressions'));
  const columns = columnsOf((entry) => lift(entry, list, pages));
  return (
    <>
      <PageHead title={t('nav.suppressions')} lead={t('suppressions.lead')}>
        <LinkButton
          icon="download"
          href={addressOf('suppressions/export', everywhere)}
          download="suppressions.csv"
        >
          {t('suppressions.export')}
        </LinkButton>
        {may('suppressions:write') && (
          <>
            <Button icon="upload" onClick={() => setOpens('import')}>
              {t('suppressions.import')}
            </Button>
            <Button kind="primary" icon="plus" onClick={() => setOpens('add')}>
              {t('suppressions.add')}
            </Button>
          </>
        )}
      </PageHead>
      <div class="row between">
        <Finder path="/suppressions" value={sought} label={t('suppressions.find')} />
        {may('settings:read') && <Lists list={list} onValue={setList} />}
      </div>
      <Card inside="bare">
        {sought === '' ? (
          <PagedTable
            label={t('nav.suppressions')}
            pages={pages}
            keyOf={keyOf}
            columns={columns}
            empty={
              <Empty icon="suppressions" title={t('suppressions.none')} text={t('suppressions.noneText')} />
            }
          />
        ) : (
          <Found address={sought} columns={columns} />
        )}
      </Card>
      {opens === 'add' && (
        <AddSuppression list={list} onClose={() => setOpens(undefined)} onDone={pages.again} />
      )}
      {opens === 'import' && (
        <ImportSuppressions list={list} onClose={() => setOpens(undefined)} onDone={pages.again} />
      )}
    </>
  );
}

function Lists({ list, onValue }: Readonly<{ list: List; onValue(list: List): void }>) {
  return (
    <Choice
      label={t('suppressions.list')}
      options={[
        { value: 'account', text: t('suppressions.account') },
        { value: 'everywhere', text: t('suppressions.everywhere') },
      ]}
      value={list}
      onValue={onValue}
    />
  );
}

/** What holds mail to one address back. */
function Found({ address, columns }: Readonly<{ address: string; columns: readonly Column<Entry>[] }>) {
  const asked = useAsk<Readonly<{ entries: readonly Entry[] }>>(pathOf('suppressions', address));
  if (asked.problem?.status === 404)
    return (
      <Empty
        icon="check-circle"
        title={t('suppressions.free', { address })}
        text={t('suppressions.freeText')}
      />
    );
  return (
    <Shown of={asked}>
      {({ entries }) => (
        <Table label={t('nav.suppressions')} rows={entries} keyOf={keyOf} columns={columns} />
      )}
    </Shown>
  );
}

/** Lifts an entry in ten seconds, so that it can be taken back. */
function lift(entry: Entry, list: List, pages: ReturnType<typeof usePages<Entry>>): void {
  const { address, topic, user, domain } = entry;
  const everywhere = list === 'everywhere' || entry.isEverywhere === true ? true : undefined;
  undoable(t('suppressions.lifted', { address }), {
    hide: () => pages.change((items) => items.filter((one) => keyOf(one) !== keyOf(entry))),
    restore: pages.again,
    commit: () =>
      void remove(pathOf('suppressions', address), { topic, user, domain, everywhere }).then((answer) => {
        if (!answer.ok) tellProblem(t('common.failed', { problem: sayProblem(answer.problem) }));
        pages.again();
      }),
  });
}

function columnsOf(lifts: (entry: Entry) => void): readonly Column<Entry>[] {
  return [
    {
      title: t('suppressions.address'),
      isName: true,
      kind: 'whole',
      cell: ({ address }) => <span class="breaks">{address}</span>,
    },
    {
      title: t('suppressions.reason'),
      cell: ({ reason, reply }) => (
        <span class="two-lines">
          <span class="breaks">{sayReason(reason)}</span>
          {reply && <span class="small quiet breaks">{reply}</span>}
        </span>
      ),
    },
    {
      title: t('suppressions.only'),
      cell: ({ topic, user, domain }) => [topic, user, domain].filter(Boolean).join(', ') || t('common.all'),
    },
    { title: t('suppressions.since'), cell: ({ at }) => (at === 0 ? '–' : <Time at={at} />) },
    {
      title: t('suppressions.until'),
      cell: ({ until }) => (until === undefined ? t('suppressions.forEver') : <Time at={until} />),
    },
    {
      title: t('suppressions.lift'),
      kind: 'tight',
      cell: (entry) =>
        may('suppressions:write') && (
          <Button size="small" onClick={() => lifts(entry)}>
            {t('suppressions.lift')}
          </Button>
        ),
    },
  ];
}

/** "bounce: bad-mailbox" → "bounced: the mailbox does not exist"; what a person wrote stays. */
function sayReason(reason: string): string {
  const bounce = /^bounce: (\S+)$/.exec(reason)?.[1];
  if (bounce === undefined) return word('suppressed', reason);
  return t('suppressed.bounce', { why: word('why', bounce) });
}
