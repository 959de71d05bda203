// Quarantine: messages that a scanner refused, why, and whether they are to leave all the same or to end.
import { useState } from 'preact/hooks';
import { post, remove } from '../lib/api.ts';
import { useAsk, usePages } from '../lib/ask.ts';
import { t } from '../lib/i18n.ts';
import { sayServer } from '../lib/problems.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, Empty, PageHead, Shown, Time } from '../parts/basic.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { told } from '../parts/forms.tsx';
import { PagedTable, type Column } from '../parts/table.tsx';
import { pathOf } from './users/data.ts';

type Held = Readonly<{
  id: string;
  user: string;
  at: number;
  by: string;
  reason: string;
  from: string;
  subject: string;
  score?: number;
  symbols?: readonly string[];
}>;

type Asks = Readonly<{ what: 'look' | 'release' | 'remove'; held: Held }>;

const LIMIT = 50;
const EVERY_MS = 10_000;

export function QuarantinePage() {
  const [asks, setAsks] = useState<Asks | undefined>(undefined);
  const pages = usePages<Held>('quarantine', { limit: LIMIT }, EVERY_MS);
  useTitle(t('nav.quarantine'));
  return (
    <>
      <PageHead title={t('nav.quarantine')} lead={t('quarantine.lead')} />
      <Card inside="bare">
        <PagedTable
          label={t('nav.quarantine')}
          pages={pages}
          keyOf={({ id }) => id}
          columns={columns(setAsks)}
          empty={<Empty icon="shield" title={t('quarantine.none')} text={t('quarantine.noneText')} />}
        />
      </Card>
      {asks?.what === 'look' && <Look held={asks.held} onClose={() => setAsks(undefined)} />}
      <Questions asks={asks} onClose={() => setAsks(undefined)} again={pages.again} />
    </>
  );
}

function columns(ask: (asks: Asks) => void): readonly Column<Held>[] {
  return [
    {
      title: t('quarantine.message'),
      isName: true,
      kind: 'whole',
      cell: ({ subject, from }) => (
        <span class="two-lines">
          <span class="breaks">{subject || t('quarantine.noSubject')}</span>
          <span class="small quiet breaks">{from}</span>
        </span>
      ),
    },
    { title: t('webhooks.user'), cell: ({ user }) => user },
    {
      title: t('transports.reason'),
      cell: ({ reason, by, score }) => (
        <span class="two-lines">
          <span class="breaks">{sayServer(reason)}</span>
          <span class="small quiet">{[by, score].filter((one) => one !== undefined).join(', ')}</span>
        </span>
      ),
    },
    { title: t('suppressions.since'), cell: ({ at }) => <Time at={at} /> },
    {
      title: t('users.deeds'),
      kind: 'tight',
      cell: (held) => (
        <div class="buttons">
          <Button size="small" icon="eye" onClick={() => ask({ what: 'look', held })}>
            {t('quarantine.look')}
          </Button>
          <Button size="small" icon="send" onClick={() => ask({ what: 'release', held })}>
            {t('quarantine.release')}
          </Button>
          <Button
            size="small"
            icon="trash"
            kind="danger"
            label={t('common.delete')}
            onClick={() => ask({ what: 'remove', held })}
          />
        </div>
      ),
    },
  ];
}

function Look({ held, onClose }: Readonly<{ held: Held; onClose(): void }>) {
  const asked = useAsk<Held & Readonly<{ recipients: number; source?: string }>>(
    pathOf('quarantine', held.id),
    { source: true },
  );
  return (
    <Dialog title={held.subject || t('quarantine.noSubject')} open onClose={onClose} size="wide">
      <p>{sayServer(held.reason)}</p>
      {held.symbols && <p class="small quiet breaks">{held.symbols.join(', ')}</p>}
      <Shown of={asked}>
        {({ source = '' }) => (
          <pre class="source" tabIndex={0}>
            {source}
          </pre>
        )}
      </Shown>
    </Dialog>
  );
}

type QuestionsProps = Readonly<{ asks: Asks | undefined; onClose(): void; again(): void }>;

function Questions({ asks, onClose, again }: QuestionsProps) {
  const path = pathOf('quarantine', asks?.held.id ?? '');
  const release = async (): Promise<void> => {
    await told(post(`${path}/release`, {}), t('quarantine.released'));
    again();
  };
  const drop = async (): Promise<void> => {
    await told(remove(path), t('quarantine.removed'));
    again();
  };
  return (
    <>
      <Confirm
        open={asks?.what === 'release'}
        onClose={onClose}
        title={t('quarantine.releaseTitle')}
        text={t('quarantine.releaseAsk', { reason: asks?.held.reason ?? '' })}
        action={t('quarantine.release')}
        kind="primary"
        onConfirm={release}
      />
      <Confirm
        open={asks?.what === 'remove'}
        onClose={onClose}
        title={t('quarantine.removeTitle')}
        text={t('quarantine.removeAsk')}
        action={t('common.delete')}
        onConfirm={drop}
      />
    </>
  );
}
