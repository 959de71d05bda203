// One campaign: how it arrived, who read it, which links were clicked, on what and where from.
import { useLocation, useRoute } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { address, type Query } from '../lib/api.ts';
import { useAsk } from '../lib/ask.ts';
import { number, share } from '../lib/format.ts';
import { t } from '../lib/i18n.ts';
import { useTitle } from '../lib/title.ts';
import type { Statistics } from '../lib/types.ts';
import { Bars } from '../parts/bars.tsx';
import { Button, Card, LinkButton, PageHead, Shown } from '../parts/basic.tsx';
import { Choice } from '../parts/fields.tsx';
import { MailFrame } from '../parts/mail-frame.tsx';
import { Breakdown } from './statistics/breakdown.tsx';
import { CountTiles, Funnel, Lost } from './statistics/funnel.tsx';
import { Series } from './statistics/series.tsx';
import { spanNames, spanOf, useRange } from './statistics/span.ts';

export function CampaignPage() {
  const name = useRoute().params['name'] ?? '';
  const { query, path, route } = useLocation();
  const span = spanOf(query['time'], 'month');
  const range = useRange(span);
  const { since, until, every } = range;
  const asked = useAsk<Statistics>('statistics', { campaign: name, since, until, every, limit: 1000 });
  const of: Query = { campaign: name, since, until };
  useTitle(name);
  return (
    <>
      <PageHead back={{ href: '/campaigns', text: t('nav.campaigns') }} title={name}>
        <Choice
          label={t('messages.time')}
          options={spanNames.map((value) => ({ value, text: t(`statistics.span.${value}`) }))}
          value={span}
          onValue={(value) => route(`${path}?time=${value}`)}
        />
        <LinkButton icon="messages" href={`/messages?q=${encodeURIComponent(`campaign:"${name}"`)}`}>
          {t('nav.messages')}
        </LinkButton>
      </PageHead>
      <Shown of={asked} lines={10}>
        {({ total, rows }) => (
          <>
            <CountTiles counts={total} />
            <div class="grid two">
              <Card title={t('statistics.funnel')}>
                <Funnel counts={total} />
              </Card>
              <Card title={t('statistics.lost')}>
                <Lost counts={total} />
              </Card>
              <Card title={t('statistics.series.delivery')}>
                <Series rows={rows} range={range} what="delivery" />
              </Card>
              <Card title={t('statistics.series.reading')}>
                <Series rows={rows} range={range} what="reading" />
              </Card>
            </div>
          </>
        )}
      </Shown>
      <Links of={of} />
      <Breakdown query={of} by={['provider', 'device', 'country', 'class', 'user', 'domain', 'tag']} />
    </>
  );
}

function Links({ of }: Readonly<{ of: Query }>) {
  const asked = useAsk<Statistics>('statistics', { ...of, by: 'link', limit: 100 });
  return (
    <Card title={t('campaigns.links')} note={t('campaigns.linksNote')}>
      <div class="stack">
        <Shown of={asked}>
          {({ rows }) => {
            const total = rows.reduce((sum, { clicked }) => sum + clicked, 0);
            if (total === 0) return <p class="soft">{t('campaigns.noClicks')}</p>;
            return (
              <Bars
                label={t('campaigns.links')}
                bars={rows.map(({ key = '', label, clicked, clickedHuman }) => ({
                  key,
                  name: label ?? key,
                  value: clicked,
                  note: t('campaigns.people', { share: share(clicked, total), people: number(clickedHuman) }),
                }))}
              />
            );
          }}
        </Shown>
        <OnTheMessage of={of} />
      </div>
    </Card>
  );
}

/** The links where they stand; asked for by a click, with the time as it was then. */
function OnTheMessage({ of }: Readonly<{ of: Query }>) {
  const [asked, setAsked] = useState<Query | undefined>(undefined);
  if (!asked)
    return (
      <div class="buttons">
        <Button icon="eye" onClick={() => setAsked(of)}>
          {t('campaigns.onMessage')}
        </Button>
      </div>
    );
  const { campaign, since, until } = asked;
  return (
    <MailFrame
      src={address(`campaigns/${encodeURIComponent(String(campaign))}/heat`, { since, until })}
      title={t('message.heatFrame')}
      gone={t('campaigns.noneKept')}
    />
  );
}
