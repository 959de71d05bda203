// Statistics: what was sent, what arrived, what was read, over time and by provider, user, campaign and more.
import { useLocation } from 'preact-iso/router';
import { useAsk } from '../lib/ask.ts';
import { t } from '../lib/i18n.ts';
import { useTitle } from '../lib/title.ts';
import type { Statistics } from '../lib/types.ts';
import { Card, Empty, LinkButton, PageHead, Shown } from '../parts/basic.tsx';
import { Choice } from '../parts/fields.tsx';
import { Breakdown, dimensions } from './statistics/breakdown.tsx';
import { CountTiles, Funnel, Lost } from './statistics/funnel.tsx';
import { Series } from './statistics/series.tsx';
import { spanNames, spanOf, useRange } from './statistics/span.ts';

const EVERY_MS = 10_000;

export function StatisticsPage() {
  const { query, route } = useLocation();
  const span = spanOf(query['time']);
  const range = useRange(span);
  const { since, until, every } = range;
  const limit = 1000;
  const asked = useAsk<Statistics>('statistics', { since, until, every, limit }, EVERY_MS);
  useTitle(t('nav.statistics'));
  return (
    <>
      <PageHead title={t('nav.statistics')} lead={t('statistics.lead')}>
        <Choice
          label={t('messages.time')}
          options={spanNames.map((value) => ({ value, text: t(`statistics.span.${value}`) }))}
          value={span}
          onValue={(value) => route(`/statistics?time=${value}`)}
        />
      </PageHead>
      <Shown of={asked} lines={10}>
        {({ total, rows }) =>
          total.accepted + total.delivered + total.opened === 0 ? (
            <Nothing />
          ) : (
            <>
              <CountTiles counts={total} />
              <div class="grid two">
                <Card title={t('statistics.funnel')}>
                  <Funnel counts={total} />
                </Card>
                <Card title={t('statistics.lost')}>
                  <Lost counts={total} />
                </Card>
              </div>
              <div class="grid two">
                <Card title={t('statistics.series.delivery')}>
                  <Series rows={rows} range={range} what="delivery" />
                </Card>
                <Card title={t('statistics.series.reading')}>
                  <Series rows={rows} range={range} what="reading" />
                </Card>
              </div>
              <Breakdown query={{ since, until }} by={dimensions} />
            </>
          )
        }
      </Shown>
    </>
  );
}

function Nothing() {
  return (
    <Card>
      <Empty icon="statistics" title={t('statistics.none')} text={t('statistics.noneText')}>
        <div class="buttons">
          <LinkButton href="/statistics?time=quarter">{t('statistics.longer')}</LinkButton>
          <LinkButton href="/messages">{t('message.toList')}</LinkButton>
        </div>
      </Empty>
    </Card>
  );
}
