// API keys: what programs ask the API with, each with what it may do; shown once when it is made.
import { useState } from 'preact/hooks';
import { remove } from '../lib/api.ts';
import { usePages } from '../lib/ask.ts';
import { plural, t } from '../lib/i18n.ts';
import { may, session } from '../lib/session.ts';
import { now } from '../lib/time.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, Empty, LinkButton, PageHead, Status, Time } from '../parts/basic.tsx';
import { Snippet } from '../parts/copy.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { Once, told } from '../parts/forms.tsx';
import { PagedTable, type Column } from '../parts/table.tsx';
import { AddKey } from './keys/add.tsx';
import type { Key, MadeKey } from './keys/data.ts';
import { pathOf } from './users/data.ts';

const LIMIT = 100;

export function KeysPage() {
  const [adds, setAdds] = useState(false);
  const [made, setMade] = useState<MadeKey | undefined>(undefined);
  const [drops, setDrops] = useState<Key | undefined>(undefined);
  const pages = usePages<Key>('keys', { limit: LIMIT });
  useTitle(t('nav.keys'));
  const add = may('keys:write') && (
    <Button kind="primary" icon="plus" onClick={() => setAdds(true)}>
      {t('keys.add')}
    </Button>
  );
  const done = (key: MadeKey): void => {
    setMade(key);
    pages.again();
  };
  return (
    <>
      <PageHead title={t('nav.keys')} lead={t('keys.lead')}>
        <LinkButton href="/api/openapi.json" download="postino-openapi.json" icon="file">
          {t('keys.openapi')}
        </LinkButton>
        {add}
      </PageHead>
      <Card inside="bare">
        <PagedTable
          label={t('nav.keys')}
          pages={pages}
          keyOf={({ id }) => id}
          columns={columns(setDrops)}
          empty={
            <Empty icon="keys" title={t('keys.none')} text={t('keys.noneText')}>
              {add && <div class="buttons">{add}</div>}
            </Empty>
          }
        />
      </Card>
      {adds && <AddKey onClose={() => setAdds(false)} onDone={done} />}
      <Once
        title={t('keys.made')}
        text={t('keys.madeText', { name: made?.name ?? '' })}
        secret={made?.key}
        what={t('keys.key')}
        onClose={() => setMade(undefined)}
      >
        <Snippet label={t('keys.try')} text={tryIt(made)} />
      </Once>
      <Drop of={drops} onClose={() => setDrops(undefined)} again={pages.again} />
    </>
  );
}

type DropProps = Readonly<{ of: Key | undefined; onClose(): void; again(): void }>;

function Drop({ of, onClose, again }: DropProps) {
  const name = of?.name ?? '';
  const drop = async (): Promise<void> => {
    await told(remove(pathOf('keys', of?.id ?? '')), t('keys.removed', { name }));
    again();
  };
  return (
    <Confirm
      open={of !== undefined}
      onClose={onClose}
      title={t('users.removeTitle', { name })}
      text={t('keys.removeAsk')}
      action={t('common.delete')}
      onConfirm={drop}
    />
  );
}

const tryIt = (made: MadeKey | undefined): string =>
  `curl -H 'authorization: Bearer ${made?.key ?? ''}' '${location.origin}/api/v1/session'`;

function columns(drop: (key: Key) => void): readonly Column<Key>[] {
  return [
    { title: t('keys.name'), isName: true, kind: 'whole', cell: ({ name }) => <span>{name}</span> },
    {
      title: t('keys.may'),
      cell: ({ scopes }) => (
        <details>
          <summary>{plural('keys.scopes', scopes.length)}</summary>
          <span class="breaks small">{scopes.join(', ')}</span>
        </details>
      ),
    },
    { title: t('webhooks.ofUser'), cell: ({ user }) => user ?? t('common.all') },
    { title: t('keys.by'), cell: ({ by, madeAt }) => <MadeBy by={by} at={madeAt} /> },
    {
      title: t('keys.used'),
      cell: ({ usedAt }) => (usedAt === undefined ? t('keys.never') : <Time at={usedAt} as="relative" />),
    },
    { title: t('keys.expires'), cell: ({ expiresAt }) => <Expiry at={expiresAt} /> },
    {
      title: t('common.delete'),
      kind: 'tight',
      cell: (key) =>
        mayDrop(key) && (
          <Button
            size="small"
            kind="danger"
            icon="trash"
            label={t('keys.drop', { name: key.name })}
            onClick={() => drop(key)}
          />
        ),
    },
  ];
}

const MadeBy = ({ by, at }: Readonly<{ by: string; at: number }>) => (
  <span>
    {by}, <Time at={at} />
  </span>
);

function Expiry({ at }: Readonly<{ at: number | undefined }>) {
  if (at === undefined) return <>{t('keys.notExpiring')}</>;
  if (at > now()) return <Time at={at} />;
  return (
    <Status tone="bad" icon="clock">
      {t('keys.expired')}
    </Status>
  );
}

/** An admin removes any key, others those that they made. */
function mayDrop({ by }: Key): boolean {
  const who = session.value;
  return may('keys:write') && (may('members:write') || (typeof who === 'object' && who.name === by));
}
