// From accepted to clicked, step by step, and what got lost on the way; tiles with the same figures in short.
import { number, share, span } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import type { Counts } from '../../lib/types.ts';
import { Bars } from '../../parts/bars.tsx';

type Props = Readonly<{ counts: Counts }>;

export function Funnel({ counts }: Props) {
  const { accepted, delivered, openedHuman, clickedHuman } = counts;
  const of = (value: number, whole: number): string => share(value, whole);
  return (
    <Bars
      label={t('statistics.funnel')}
      most={Math.max(1, accepted)}
      bars={[
        { key: 'accepted', name: t('status.accepted'), value: accepted, tone: 'wait' },
        { key: 'delivered', name: t('status.delivered'), value: delivered, note: of(delivered, accepted) },
        {
          key: 'opened',
          name: t('statistics.openedBy'),
          value: openedHuman,
          note: of(openedHuman, delivered),
        },
        {
          key: 'clicked',
          name: t('statistics.clickedBy'),
          value: clickedHuman,
          note: of(clickedHuman, delivered),
        },
      ]}
    />
  );
}

/** What did not arrive, or came back as a complaint. */
export function Lost({ counts }: Props) {
  const { accepted, delivered, hard, soft, block, expired, dropped, unsubscribed, complained } = counts;
  return (
    <Bars
      label={t('statistics.lost')}
      bars={[
        { key: 'hard', name: t('statistics.hard'), value: hard, note: share(hard, accepted), tone: 'bad' },
        { key: 'soft', name: t('statistics.soft'), value: soft, note: share(soft, accepted), tone: 'bad' },
        {
          key: 'block',
          name: t('statistics.block'),
          value: block,
          note: share(block, accepted),
          tone: 'bad',
        },
        {
          key: 'expired',
          name: t('status.expired'),
          value: expired,
          note: share(expired, accepted),
          tone: 'bad',
        },
        {
          key: 'dropped',
          name: t('status.dropped'),
          value: dropped,
          note: share(dropped, accepted),
          tone: 'bad',
        },
        {
          key: 'unsubscribed',
          name: t('status.unsubscribed'),
          value: unsubscribed,
          note: share(unsubscribed, delivered),
          tone: 'warn',
        },
        {
          key: 'complained',
          name: t('statistics.complaints'),
          value: complained,
          note: share(complained, delivered),
          tone: 'warn',
        },
      ]}
    />
  );
}

export function CountTiles({ counts }: Props) {
  const { accepted, delivered, bounced, expired, openedHuman, clickedHuman, p50, p95 } = counts;
  const tiles = [
    [t('status.accepted'), number(accepted), ''],
    [t('status.delivered'), share(delivered, accepted), number(delivered)],
    [t('status.bounced'), share(bounced + expired, accepted), number(bounced + expired)],
    [t('statistics.openedBy'), share(openedHuman, delivered), number(openedHuman)],
    [t('statistics.clickedBy'), share(clickedHuman, delivered), number(clickedHuman)],
    [
      t('statistics.time'),
      p50 === undefined ? '–' : span(p50),
      p95 === undefined ? '' : t('statistics.p95', { span: span(p95) }),
    ],
  ] as const;
  return (
    <div class="tiles">
      {tiles.map(([name, value, note]) => (
        <div class="tile" key={name}>
          <span class="name">{name}</span>
          <span class="value">{value}</span>
          <span class="note">{note || ' '}</span>
        </div>
      ))}
    </div>
  );
}
