// Alerts: what goes on now, what was told lately, and who hears of what, with a test of the ways to them.
import { useState } from 'preact/hooks';
import { post } from '../lib/api.ts';
import { useAsk, type Page } from '../lib/ask.ts';
import { span } from '../lib/format.ts';
import { t, word } from '../lib/i18n.ts';
import { sayProblem, sayServer } from '../lib/problems.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { tell, tellProblem } from '../lib/toasts.ts';
import { About } from '../parts/about.tsx';
import { Button, Card, Empty, PageHead, Shown, Status, Time } from '../parts/basic.tsx';
import { Table } from '../parts/table.tsx';

type Alert = Readonly<{
  id: string;
  kind: string;
  about: string;
  at: number;
  key: string;
  reason: string;
  advice: string;
  over: boolean;
}>;
type Condition = Readonly<{ kind: string; about: string; key: string; since: number; reason: string }>;
type Situation = Readonly<{
  now: Readonly<{ conditions: readonly Condition[] }>;
  recent: readonly Alert[];
}>;
type Rule = Readonly<{
  name: string;
  when: readonly string[];
  to: readonly string[];
  webhook?: string;
  every: number;
}>;

const EVERY_MS = 10_000;

export function AlertsPage() {
  const asked = useAsk<Situation>('alerts', { limit: 100 }, EVERY_MS);
  const rules = useAsk<Page<Rule>>('alerts/rules');
  useTitle(t('nav.alerts'));
  return (
    <>
      <PageHead title={t('nav.alerts')} lead={t('alerts.lead')}>
        {may('transports:write') && rules.value && rules.value.items.length > 0 && <Test />}
      </PageHead>
      <Shown of={asked}>
        {({ now, recent }) => (
          <>
            <Card title={t('alerts.now')}>
              {now.conditions.length === 0 ? (
                <p class="quiet">{t('now.noAlerts')}</p>
              ) : (
                <GoesOn all={now.conditions} />
              )}
            </Card>
            <Card title={t('alerts.recent')}>
              {recent.length === 0 ? <p class="quiet">{t('alerts.noRecent')}</p> : <Recent all={recent} />}
            </Card>
          </>
        )}
      </Shown>
      <Card title={t('alerts.rules')} note={t('alerts.rulesNote')} inside="bare">
        <Shown of={rules}>{({ items }) => <Rules all={items} />}</Shown>
      </Card>
    </>
  );
}

function GoesOn({ all }: Readonly<{ all: readonly Condition[] }>) {
  return (
    <ul class="checks">
      {all.map(({ kind, about, key, since, reason }) => (
        <li key={`${kind} ${key}`}>
          <Status tone="bad" icon="warning">
            {word('alerts.kind', kind, about)}
          </Status>
          <span class="breaks">
            <About kind={kind} name={key} /> {sayServer(reason)} <Time at={since} as="relative" />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Recent({ all }: Readonly<{ all: readonly Alert[] }>) {
  return (
    <ul class="checks">
      {all.map(({ id, kind, about, key, at, reason, advice, over }) => (
        <li key={id}>
          <Status tone={over ? 'ok' : 'warn'} icon={over ? 'check-circle' : 'warning'}>
            {over ? t('now.over') : word('alerts.kind', kind, about)}
          </Status>
          <span class="breaks">
            <About kind={kind} advice={advice} name={key} /> {sayServer(reason)}{' '}
            <Time at={at} as="relative" />
            {advice && <code class="small quiet advice">{sayServer(advice)}</code>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Rules({ all }: Readonly<{ all: readonly Rule[] }>) {
  if (all.length === 0)
    return <Empty icon="warning" title={t('alerts.noRules')} text={t('alerts.noRulesText')} />;
  return (
    <Table
      label={t('alerts.rules')}
      rows={all}
      keyOf={({ name }) => name}
      columns={[
        { title: t('users.name'), isName: true, kind: 'whole', cell: ({ name }) => <span>{name}</span> },
        {
          title: t('alerts.when'),
          cell: ({ when }) => when.map((one) => word('alerts.kind', one)).join(', ') || t('common.all'),
        },
        { title: t('alerts.to'), cell: ({ to, webhook }) => [...to, webhook].filter(Boolean).join(', ') },
        { title: t('alerts.every'), cell: ({ every }) => (every === 0 ? t('alerts.atOnce') : span(every)) },
      ]}
    />
  );
}

type Tested = Readonly<{ items: readonly Readonly<{ rule: string; problem?: string }>[] }>;

function Test() {
  const [busy, setBusy] = useState(false);
  const test = async (): Promise<void> => {
    setBusy(true);
    const answer = await post<Tested>('alerts/test', {});
    setBusy(false);
    if (!answer.ok) return tellProblem(t('common.failed', { problem: sayProblem(answer.problem) }));
    for (const { rule, problem } of answer.value.items)
      if (problem === undefined) tell(t('alerts.tested', { rule }));
      else tellProblem(t('alerts.untold', { rule, problem }));
  };
  return (
    <Button icon="bolt" disabled={busy} onClick={() => void test()}>
      {busy ? t('webhooks.testing') : t('alerts.test')}
    </Button>
  );
}
