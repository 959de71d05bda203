// The search: every delivery with one sentence that says what became of it; new ones come in by themselves.
import { useLocation } from 'preact-iso/router';
import { useMemo } from 'preact/hooks';
import type { Query } from '../lib/api.ts';
import { addressIn, looserQuestions, questionsFor } from '../lib/find.ts';
import { useFound } from '../lib/found.ts';
import { t, word } from '../lib/i18n.ts';
import { sayDelivery } from '../lib/say.ts';
import { may } from '../lib/session.ts';
import { now } from '../lib/time.ts';
import { useTitle } from '../lib/title.ts';
import type { DeliveryRow, DeliveryStatus } from '../lib/types.ts';
import { Card, Empty, LinkButton, Notice, PageHead, Time } from '../parts/basic.tsx';
import { DeliveryState } from '../parts/delivery.tsx';
import { Choice, Select } from '../parts/fields.tsx';
import { SuppressedNotice } from './messages/suppressed.tsx';
import { PagedTable, type Column } from '../parts/table.tsx';

const EVERY_MS = 10_000;
const DAY = 86_400_000;
const statuses: readonly DeliveryStatus[] = [
  'queued',
  'deferred',
  'delivered',
  'bounced',
  'expired',
  'dropped',
  'cancelled',
];
const spans = { day: DAY, week: 7 * DAY, month: 30 * DAY, all: 0 } as const;
type Span = keyof typeof spans;
const names: readonly Span[] = ['day', 'week', 'month', 'all'];

export function MessagesPage() {
  const { query, route } = useLocation();
  const { q = '', status = '', time = 'all' } = query;
  useTitle(q === '' ? t('messages.title') : q);
  const span = names.find((name) => name === time) ?? 'all';
  // Counted from the moment that the span was chosen, so that further pages fit the first one.
  const since = useMemo(() => (spans[span] === 0 ? undefined : now() - spans[span]), [span]);
  const { found, isLooser } = useSearch(q, { status: status || undefined, since });
  const go = (change: Readonly<Record<string, string>>): void => {
    const next = Object.entries({ q, status, time: span, ...change }).filter(
      ([name, value]) => value !== '' && !(name === 'time' && value === 'all'),
    );
    route(`/messages?${new URLSearchParams(Object.fromEntries(next)).toString()}`);
  };

  return (
    <>
      <PageHead
        title={q === '' ? t('messages.title') : t('messages.foundFor', { text: q })}
        lead={q === '' ? t('messages.lead') : undefined}
      />
      <div class="row between">
        <Choice
          label={t('messages.time')}
          options={names.map((value) => ({ value, text: t(`messages.time.${value}`) }))}
          value={span}
          onValue={(value) => go({ time: value })}
        />
        <Select
          size="small"
          label={t('messages.status')}
          options={[
            { value: '', text: `${t('messages.status')}: ${t('common.all')}` },
            ...statuses.map((value) => ({ value, text: word('status', value) })),
          ]}
          value={statuses.find((one) => one === status) ?? ''}
          onValue={(value) => go({ status: value })}
        />
      </div>
      <Notes q={q} isLooser={isLooser} />
      <Card inside="bare">
        <PagedTable
          label={t('messages.title')}
          pages={found}
          columns={columns()}
          keyOf={(row) => row.delivery}
          empty={<Nothing filtered={`${q}${status}` !== '' || span !== 'all'} />}
        />
      </Card>
      <details class="small quiet">
        <summary>{t('messages.helpTitle')}</summary>
        <p>{t('messages.help')}</p>
      </details>
    </>
  );
}

/** What was asked for; where nothing has all of its words, what has one of them. */
function useSearch(
  q: string,
  more: Query,
): Readonly<{ found: ReturnType<typeof useFound>; isLooser: boolean }> {
  const ask = (question: Query): Query => ({ ...more, ...question });
  const all = useFound(questionsFor(q).map(ask), EVERY_MS);
  const isNothing = all.items?.length === 0;
  const some = useFound(isNothing ? looserQuestions(q).map(ask) : [], EVERY_MS);
  const isLooser = isNothing && (some.items?.length ?? 0) > 0;
  return { found: isLooser ? some : all, isLooser };
}

/** What the list itself does not say. */
function Notes({ q, isLooser }: Readonly<{ q: string; isLooser: boolean }>) {
  const address = addressIn(q);
  return (
    <>
      {address !== undefined && may('suppressions:read') && <SuppressedNotice address={address} />}
      {isLooser && <Notice>{t('messages.looser')}</Notice>}
    </>
  );
}

function columns(): readonly Column<DeliveryRow>[] {
  return [
    { title: t('messages.status'), kind: 'tight', cell: (row) => <DeliveryState row={row} /> },
    {
      title: t('messages.recipient'),
      isName: true,
      kind: 'whole',
      cell: (row) => (
        <div class="two-lines">
          <a class="breaks" href={`/messages/${row.delivery}`}>
            {row.recipient}
          </a>
          <span class="soft cut">{row.subject || t('messages.noSubject')}</span>
        </div>
      ),
    },
    {
      title: t('messages.happened'),
      kind: 'whole',
      cell: (row) => <span class="soft">{sayDelivery(row)}</span>,
    },
    { title: t('messages.when'), kind: 'tight', cell: (row) => <Time at={row.at} /> },
  ];
}

function Nothing({ filtered }: Readonly<{ filtered: boolean }>) {
  if (!filtered)
    return <Empty icon="messages" title={t('messages.noneYet')} text={t('messages.noneYetText')} />;
  return (
    <Empty icon="search" title={t('messages.none')} text={t('messages.noneText')}>
      <div class="buttons">
        <LinkButton href="/messages">{t('messages.clear')}</LinkButton>
      </div>
    </Empty>
  );
}
