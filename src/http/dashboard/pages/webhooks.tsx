// Webhooks: programs that are told what becomes of each message, and how each is doing.
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { usePages } from '../lib/ask.ts';
import { number } from '../lib/format.ts';
import { t, word } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, Empty, PageHead, Status, Time, type Tone } from '../parts/basic.tsx';
import { Once } from '../parts/forms.tsx';
import type { IconName } from '../parts/icons.tsx';
import { PagedTable, type Column } from '../parts/table.tsx';
import { AddWebhook } from './webhooks/add.tsx';
import type { Webhook, WithSecret } from './webhooks/data.ts';

const LIMIT = 100;
const EVERY_MS = 10_000;

export function WebhooksPage() {
  const { route } = useLocation();
  const [adds, setAdds] = useState(false);
  const [made, setMade] = useState<WithSecret | undefined>(undefined);
  const pages = usePages<Webhook>('webhooks', { limit: LIMIT }, EVERY_MS);
  useTitle(t('nav.webhooks'));
  const add = may('webhooks:write') && (
    <Button kind="primary" icon="plus" onClick={() => setAdds(true)}>
      {t('webhooks.add')}
    </Button>
  );
  return (
    <>
      <PageHead title={t('nav.webhooks')} lead={t('webhooks.lead')}>
        {add}
      </PageHead>
      <Card inside="bare">
        <PagedTable
          label={t('nav.webhooks')}
          pages={pages}
          keyOf={({ id }) => id}
          columns={columns()}
          empty={
            <Empty icon="webhooks" title={t('webhooks.none')} text={t('webhooks.noneText')}>
              {add && <div class="buttons">{add}</div>}
            </Empty>
          }
        />
      </Card>
      {adds && <AddWebhook onClose={() => setAdds(false)} onDone={setMade} />}
      <Once
        title={t('webhooks.made')}
        text={t('webhooks.secretText')}
        secret={made?.secret}
        what={t('webhooks.secret')}
        onClose={() => route(`/webhooks/${encodeURIComponent(made?.webhook.id ?? '')}`)}
      />
    </>
  );
}

const columns = (): readonly Column<Webhook>[] => [
  {
    title: t('webhooks.name'),
    isName: true,
    kind: 'whole',
    cell: ({ id, name, url }) => (
      <span class="two-lines">
        <a href={`/webhooks/${encodeURIComponent(id)}`}>{name}</a>
        <span class="small quiet cut">{url}</span>
      </span>
    ),
  },
  {
    title: t('webhooks.condition'),
    kind: 'tight',
    cell: ({ condition }) => <WebhookState condition={condition} />,
  },
  { title: t('webhooks.shape'), cell: ({ shape }) => word('shape', shape) },
  { title: t('webhooks.user'), cell: ({ user }) => user ?? t('common.all') },
  { title: t('webhooks.sent'), kind: 'number', cell: ({ sent }) => number(sent) },
  { title: t('webhooks.last'), cell: ({ lastAt }) => (lastAt ? <Time at={lastAt} as="relative" /> : '–') },
];

type Look = Readonly<{ tone: Tone; icon: IconName }>;

const looks: Readonly<Record<Webhook['condition'], Look>> = {
  well: { tone: 'ok', icon: 'check-circle' },
  behind: { tone: 'wait', icon: 'clock' },
  failing: { tone: 'warn', icon: 'warning' },
  parked: { tone: 'bad', icon: 'cross-circle' },
  off: { tone: 'still', icon: 'pause' },
};

export function WebhookState({ condition }: Readonly<Pick<Webhook, 'condition'>>) {
  return <Status {...looks[condition]}>{t(`webhooks.condition.${condition}`)}</Status>;
}
