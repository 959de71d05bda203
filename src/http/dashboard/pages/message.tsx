// One message: the answer in a sentence, all that happened, the message itself, and what can be done about it.
import { useLocation, useRoute } from 'preact-iso/router';
import { useAsk } from '../lib/ask.ts';
import { plural, t } from '../lib/i18n.ts';
import { size, span } from '../lib/format.ts';
import { isCaught, sayAnswer, sayDelivery, sayTodo, whereTo } from '../lib/say.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import type { DeliveryRow, Message } from '../lib/types.ts';
import { Card, Empty, LinkButton, Notice, PageHead, ProblemNote, Skeleton, Time } from '../parts/basic.tsx';
import { DeliveryState } from '../parts/delivery.tsx';
import { Tabs } from '../parts/fields.tsx';
import { Table } from '../parts/table.tsx';
import { MessageActions } from './message/actions.tsx';
import { SendAgain, SentAgain, type Kept } from './message/again.tsx';
import { MessageBody, MessageSource } from './message/body.tsx';
import { Story } from './message/story.tsx';

const EVERY_MS = 5000;
const tabs = ['story', 'view', 'source', 'facts'] as const;

export function MessagePage() {
  const id = useRoute().params['id'] ?? '';
  const asked = useAsk<Message>(`messages/${encodeURIComponent(id)}`, {}, EVERY_MS);
  const { value: message, problem, again } = asked;
  useTitle(message?.subject ?? id);
  if (problem?.status === 404) return <Gone />;
  return (
    <>
      {problem && <ProblemNote problem={problem} again={again} />}
      {!message && !problem && <Skeleton lines={8} />}
      {message && <Whole message={message} again={again} />}
    </>
  );
}

function Whole({ message, again }: Readonly<{ message: Message; again(): void }>) {
  const { only, id, to } = aboutOf(message);
  const kept = useAsk<Kept>(`messages/${encodeURIComponent(id)}/kept`, {});
  return (
    <>
      <PageHead
        back={{ href: '/messages', text: t('message.toList') }}
        title={message.subject || t('messages.noSubject')}
        lead={to}
      >
        {kept.value?.where && <SendAgain id={id} to={to} isOne={only !== undefined} done={kept.again} />}
        {only && <MessageActions row={only.row} done={again} />}
      </PageHead>
      {only ? <Answer row={only.row} host={hostOf(only)} /> : <Recipients message={message} />}
      <SentAgain resent={kept.value?.resent} />
      {only && <Views message={message} delivery={only} />}
      {message.more && <Notice>{t('message.more')}</Notice>}
    </>
  );
}

/** Its only delivery, where it has one; by which id it is known, and to whom it went. */
function aboutOf({ deliveries, submission }: Message) {
  const [first] = deliveries;
  if (first && deliveries.length === 1)
    return { only: withDue(first), id: first.row.delivery, to: first.row.recipient };
  return { only: undefined, id: submission, to: plural('message.recipients', deliveries.length) };
}

/** When the next attempt is, as the last event says. */
function withDue({ row, events }: Delivery): Delivery {
  const due = events.findLast((event) => event.type === 'deferred')?.due;
  return { row: due === undefined ? row : { ...row, due }, events };
}

/** The server that answered last. */
const hostOf = ({ row, events }: Delivery): string | undefined =>
  events.findLast(({ host }) => host !== undefined)?.host ?? row.site?.replace(/^mx:/, '');

/** The first thing that one sees: did it arrive, and if not, why, and what to do. */
function Answer({ row, host }: Readonly<{ row: DeliveryRow; host: string | undefined }>) {
  const todo = sayTodo(row);
  const stops = row.wait?.why?.kind === 'transport' && may('transports:read') ? row.wait.why.name : undefined;
  return (
    <section class="card answer">
      <DeliveryState row={row} />
      <p class="sentence">{sayAnswer(row, host)}</p>
      {todo !== '' && (
        <p>
          <strong>{t('message.todo')}:</strong> {todo}
        </p>
      )}
      {stops !== undefined && (
        <p>
          <a href={`/transports/${encodeURIComponent(stops)}`}>{t('message.toTransport')}</a>
        </p>
      )}
      {row.reply && row.status !== 'delivered' && (
        <p class="soft">
          {t('message.replyOf', { host: host ?? whereTo(row) })} <q class="breaks">{row.reply}</q>
        </p>
      )}
      {isCaught(row) && <a href={`/sandbox/${row.delivery}`}>{t('message.inSandbox')}</a>}
      {row.class === 'suppressed' && (
        <p>
          {t('message.unsuppress')}{' '}
          <a href={`/suppressions?address=${encodeURIComponent(row.recipient)}`}>
            {t('message.suppressions')}
          </a>
        </p>
      )}
    </section>
  );
}

function Recipients({ message }: Readonly<{ message: Message }>) {
  return (
    <Card inside="bare">
      <Table
        label={t('messages.recipient')}
        rows={message.deliveries.map(({ row }) => row)}
        keyOf={(row) => row.delivery}
        columns={[
          { title: t('messages.status'), kind: 'tight', cell: (row) => <DeliveryState row={row} /> },
          {
            title: t('messages.recipient'),
            kind: 'whole',
            isName: true,
            cell: (row) => <a href={`/messages/${row.delivery}`}>{row.recipient}</a>,
          },
          { title: t('messages.happened'), kind: 'whole', cell: (row) => sayDelivery(row) },
        ]}
      />
    </Card>
  );
}

type Delivery = Message['deliveries'][number];

function Views({ message, delivery }: Readonly<{ message: Message; delivery: Delivery }>) {
  const { query, route, path } = useLocation();
  const tab = tabs.find((one) => one === query['view']) ?? 'story';
  return (
    <div>
      <Tabs
        label={t('message.tabs')}
        options={tabs.map((value) => ({ value, text: t(`message.tab.${value}`) }))}
        value={tab}
        onValue={(value) => route(value === 'story' ? path : `${path}?view=${value}`, true)}
      >
        {tab === 'story' && <Story events={delivery.events} />}
        {tab === 'view' && <MessageBody id={delivery.row.delivery} events={delivery.events} />}
        {tab === 'source' && <MessageSource id={delivery.row.delivery} />}
        {tab === 'facts' && <Facts message={message} row={delivery.row} />}
      </Tabs>
    </div>
  );
}

function Facts({ message, row }: Readonly<{ message: Message; row: DeliveryRow }>) {
  const facts: readonly (readonly [string, preact.ComponentChildren])[] = [
    [t('message.to'), row.recipient],
    [t('message.from'), row.headerFrom],
    [t('message.sender'), row.sender || t('messages.emptySender')],
    [t('messages.when'), <Time key="at" at={row.at} as="exact" />],
    [t('message.took'), row.ms === undefined ? undefined : span(row.ms)],
    [t('message.attempts'), String(row.attempts)],
    [t('message.user'), row.user],
    [t('message.campaign'), row.campaignName ?? row.campaign],
    [t('message.tags'), row.tags?.join(', ')],
    [t('message.size'), row.size === undefined ? undefined : size(row.size)],
    [t('message.transport'), row.transport],
    [t('message.provider'), row.provider],
    [t('message.site'), row.site],
    [t('message.reply'), row.reply],
    [t('message.id'), <code key="id">{row.delivery}</code>],
    [t('message.messageId'), (message.messageId ?? row.messageId) && <code key="mid">{row.messageId}</code>],
    ...Object.entries(row.metadata ?? {}),
  ];
  return (
    <Card>
      <dl class="pairs">
        {facts
          .filter(([, value]) => value !== undefined && value !== '')
          .map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} value`}>{value}</dd>])}
      </dl>
    </Card>
  );
}

function Gone() {
  return (
    <Empty icon="search" title={t('message.lost')} text={t('message.lostText')}>
      <div class="buttons">
        <LinkButton href="/messages">{t('message.toList')}</LinkButton>
      </div>
    </Empty>
  );
}
