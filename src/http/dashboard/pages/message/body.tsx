// The message itself: as its recipient sees it, in a frame that may do nothing, with its clicks, and its source as text.
import { useState } from 'preact/hooks';
import { address } from '../../lib/api.ts';
import { useAsk } from '../../lib/ask.ts';
import { share } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import type { MailEvent } from '../../lib/types.ts';
import { Bars } from '../../parts/bars.tsx';
import { Card, Notice, Shown } from '../../parts/basic.tsx';
import { Choice } from '../../parts/fields.tsx';
import { MailFrame } from '../../parts/mail-frame.tsx';

type Props = Readonly<{ id: string }>;
const looks = ['plain', 'heat'] as const;

export function MessageBody({ id, events }: Props & Readonly<{ events: readonly MailEvent[] }>) {
  const [look, setLook] = useState<(typeof looks)[number]>('plain');
  const links = linksOf(events);
  const path = `messages/${encodeURIComponent(id)}`;
  const common = { gone: t('message.noSource'), accepted: t('message.accepted') };
  return (
    <div class="stack">
      {links.length > 0 && (
        <Choice
          label={t('message.look')}
          options={looks.map((value) => ({ value, text: t(`message.look.${value}`) }))}
          value={look}
          onValue={setLook}
        />
      )}
      {look === 'plain' && <MailFrame {...common} src={address(`${path}/view`)} title={t('message.frame')} />}
      {look === 'heat' && (
        <div class="grid main-side">
          <MailFrame {...common} src={address(`${path}/heat`)} title={t('message.heatFrame')} />
          <Card title={t('campaigns.links')}>
            <ClickedLinks links={links} />
          </Card>
        </div>
      )}
    </div>
  );
}

type Clicked = Readonly<{ url: string; clicks: number }>;

function ClickedLinks({ links }: Readonly<{ links: readonly Clicked[] }>) {
  const total = links.reduce((sum, { clicks }) => sum + clicks, 0);
  const bars = links.map(({ url, clicks }) => ({
    key: url,
    name: url,
    value: clicks,
    note: share(clicks, total),
  }));
  return <Bars label={t('campaigns.links')} bars={bars} />;
}

/** The most clicked first. */
function linksOf(events: readonly MailEvent[]): readonly Clicked[] {
  const urls = events.flatMap(({ type, url }) => (type === 'clicked' && url !== undefined ? [url] : []));
  return [...Map.groupBy(urls, (url) => url)]
    .map(([url, { length: clicks }]) => ({ url, clicks }))
    .sort((a, b) => b.clicks - a.clicks);
}

export function MessageSource({ id }: Props) {
  const asked = useAsk<string>(`messages/${encodeURIComponent(id)}/source`);
  if (asked.problem?.status === 404) return <Notice>{t('message.noSource')}</Notice>;
  return (
    <Shown of={asked} lines={10}>
      {(source) => (
        <pre class="source" tabIndex={0}>
          {source}
        </pre>
      )}
    </Shown>
  );
}
