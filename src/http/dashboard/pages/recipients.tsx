// Recipients: the people that mail went to, what became of it, and erasing what is known of one.
import { useLocation, useRoute } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { remove } from '../lib/api.ts';
import { useAsk, usePages } from '../lib/ask.ts';
import { number } from '../lib/format.ts';
import { t, word } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import {
  Button,
  Card,
  Empty,
  LinkButton,
  PageHead,
  Shown,
  Status,
  Time,
  type Tone,
} from '../parts/basic.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { told } from '../parts/forms.tsx';
import type { IconName } from '../parts/icons.tsx';
import { PagedTable, type Column } from '../parts/table.tsx';
import type { Recipient } from './recipients/data.ts';
import { EditRecipient } from './recipients/edit.tsx';
import { Finder } from './suppressions/finder.tsx';
import { pathOf } from './users/data.ts';

const LIMIT = 50;

export function RecipientsPage() {
  const { query } = useLocation();
  const address = useRoute().params['address'] ?? query['address'];
  return address ? <One address={address} /> : <All />;
}

function All() {
  const pages = usePages<Recipient>('recipients', { limit: LIMIT });
  useTitle(t('nav.recipients'));
  return (
    <>
      <PageHead title={t('nav.recipients')} lead={t('recipients.lead')} />
      <Finder path="/recipients" value="" label={t('recipients.find')} />
      <Card inside="bare">
        <PagedTable
          label={t('nav.recipients')}
          pages={pages}
          keyOf={({ address }) => address}
          columns={columns()}
          empty={<Empty icon="users" title={t('recipients.none')} text={t('recipients.noneText')} />}
        />
      </Card>
    </>
  );
}

type Look = Readonly<{ tone: Tone; icon: IconName }>;

const looks: Readonly<Record<string, Look>> = {
  new: { tone: 'still', icon: 'clock' },
  reached: { tone: 'ok', icon: 'check-circle' },
  bounced: { tone: 'bad', icon: 'cross-circle' },
  unsubscribed: { tone: 'warn', icon: 'unsubscribe' },
  complained: { tone: 'bad', icon: 'complaint' },
};

const State = ({ status }: Readonly<{ status: string }>) => (
  <Status {...(looks[status] ?? { tone: 'still', icon: 'info' })}>{word('recipients.status', status)}</Status>
);

const columns = (): readonly Column<Recipient>[] => [
  {
    title: t('suppressions.address'),
    isName: true,
    kind: 'whole',
    cell: ({ address, name }) => (
      <span class="two-lines">
        <a class="breaks" href={`/recipients/${encodeURIComponent(address)}`}>
          {address}
        </a>
        {name && <span class="small quiet">{name}</span>}
      </span>
    ),
  },
  { title: t('recipients.state'), kind: 'tight', cell: ({ status }) => <State status={status} /> },
  { title: t('status.accepted'), kind: 'number', cell: ({ accepted }) => number(accepted) },
  { title: t('status.delivered'), kind: 'number', cell: ({ delivered }) => number(delivered) },
  { title: t('status.opened'), kind: 'number', cell: ({ opened }) => number(opened) },
  { title: t('status.clicked'), kind: 'number', cell: ({ clicked }) => number(clicked) },
  { title: t('recipients.last'), cell: ({ last }) => <Time at={last} as="relative" /> },
];

function One({ address }: Readonly<{ address: string }>) {
  const { route } = useLocation();
  const [asks, setAsks] = useState(false);
  const asked = useAsk<Recipient>(pathOf('recipients', address));
  useTitle(address);
  const forget = async (): Promise<void> => {
    const done = await told(remove(pathOf('recipients', address)), t('recipients.forgotten', { address }));
    if (done !== undefined) route('/recipients');
  };
  return (
    <>
      <PageHead
        title={<span class="breaks">{address}</span>}
        back={{ href: '/recipients', text: t('nav.recipients') }}
        lead={asked.value && <State status={asked.value.status} />}
      >
        <LinkButton icon="messages" href={`/messages?q=${encodeURIComponent(address)}`}>
          {t('recipients.messages')}
        </LinkButton>
        <LinkButton icon="suppressions" href={`/suppressions?address=${encodeURIComponent(address)}`}>
          {t('recipients.suppressed')}
        </LinkButton>
        {asked.value && may('recipients:write') && (
          <Button icon="trash" kind="danger" onClick={() => setAsks(true)}>
            {t('recipients.forget')}
          </Button>
        )}
      </PageHead>
      {asked.problem?.status === 404 ? (
        <Card>
          <Empty icon="users" title={t('recipients.unknown')} text={t('recipients.unknownText')} />
        </Card>
      ) : (
        <Shown of={asked}>{(recipient) => <Facts recipient={recipient} again={asked.again} />}</Shown>
      )}
      <Confirm
        open={asks}
        onClose={() => setAsks(false)}
        title={t('recipients.forgetTitle', { address })}
        text={t('recipients.forgetAsk')}
        action={t('recipients.forget')}
        onConfirm={forget}
      />
    </>
  );
}

function Facts({ recipient, again }: Readonly<{ recipient: Recipient; again(): void }>) {
  const [edits, setEdits] = useState(false);
  const { name, fields, first, last, accepted, delivered, opened, clicked } = recipient;
  return (
    <Card
      title={t('transports.facts')}
      actions={
        may('recipients:write') && (
          <Button size="small" icon="edit" onClick={() => setEdits(true)}>
            {t('common.change')}
          </Button>
        )
      }
    >
      {edits && <EditRecipient recipient={recipient} onClose={() => setEdits(false)} onDone={again} />}
      <dl class="pairs">
        {name && [<dt key="name">{t('users.name')}</dt>, <dd key="value">{name}</dd>]}
        <dt>{t('recipients.first')}</dt>
        <dd>
          <Time at={first} />
        </dd>
        <dt>{t('recipients.last')}</dt>
        <dd>
          <Time at={last} />
        </dd>
        <dt>{t('status.accepted')}</dt>
        <dd>{number(accepted)}</dd>
        <dt>{t('status.delivered')}</dt>
        <dd>{number(delivered)}</dd>
        <dt>{t('status.opened')}</dt>
        <dd>{number(opened)}</dd>
        <dt>{t('status.clicked')}</dt>
        <dd>{number(clicked)}</dd>
        {Object.entries(fields).map(([field, value]) => [
          <dt key={field}>{`[${field}]`}</dt>,
          <dd key={`${field} value`}>{value}</dd>,
        ])}
      </dl>
    </Card>
  );
}
