// Campaigns: what statistics are gathered under, each with how it went.
import { useLocation } from 'preact-iso/router';
import { useAsk } from '../lib/ask.ts';
import { t } from '../lib/i18n.ts';
import { useTitle } from '../lib/title.ts';
import type { Statistics } from '../lib/types.ts';
import { Card, Empty, PageHead, Shown } from '../parts/basic.tsx';
import { Snippet } from '../parts/copy.tsx';
import { Choice } from '../parts/fields.tsx';
import { Table } from '../parts/table.tsx';
import { figures } from './statistics/breakdown.tsx';
import { spanNames, spanOf, useRange } from './statistics/span.ts';

const MOST = 200;

export function CampaignsPage() {
  const { query, route } = useLocation();
  const span = spanOf(query['time'], 'month');
  const { since, until } = useRange(span);
  const asked = useAsk<Statistics>('statistics', { since, until, by: 'campaign', limit: MOST });
  useTitle(t('nav.campaigns'));
  return (
    <>
      <PageHead title={t('nav.campaigns')} lead={t('campaigns.lead')}>
        <Choice
          label={t('messages.time')}
          options={spanNames.map((value) => ({ value, text: t(`statistics.span.${value}`) }))}
          value={span}
          onValue={(value) => route(`/campaigns?time=${value}`)}
        />
      </PageHead>
      <Card inside="bare">
        <Shown of={asked} lines={8}>
          {({ rows }) => {
            const named = rows.filter(({ key }) => key);
            if (named.length === 0) return <Nothing />;
            return (
              <Table
                label={t('nav.campaigns')}
                rows={named}
                keyOf={({ key = '' }) => key}
                columns={[
                  {
                    title: t('campaigns.name'),
                    isName: true,
                    kind: 'whole',
                    cell: ({ key = '', label }) => (
                      <a class="breaks" href={`/campaigns/${encodeURIComponent(key)}?time=${span}`}>
                        {label ?? key}
                      </a>
                    ),
                  },
                  ...figures(),
                ]}
              />
            );
          }}
        </Shown>
      </Card>
    </>
  );
}

function Nothing() {
  return (
    <Empty icon="campaigns" title={t('campaigns.none')} text={t('campaigns.noneText')}>
      <Snippet label={t('campaigns.how')} text={'X-SMTPAPI: {"CampaignCode": "autumn-offers"}'} />
    </Empty>
  );
}
