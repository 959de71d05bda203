// The warm-up of a transport: today's share by provider, and the plan against what left, day by day, as a chart.
import { useMemo, useState } from 'preact/hooks';
import { useAsk } from '../../lib/ask.ts';
import { day as sayDay, number } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { providerName } from '../../lib/say.ts';
import { may } from '../../lib/session.ts';
import type { Statistics } from '../../lib/types.ts';
import { Card, Notice } from '../../parts/basic.tsx';
import { Bars } from '../../parts/bars.tsx';
import { Chart, type Line } from '../../parts/chart.tsx';
import { Choice, Select } from '../../parts/fields.tsx';
import type { Progress, ProviderProgress } from './data.ts';

const DAY = 86_400_000;
const OTHERS = 'others';

/** Days after today that the near view shows. */
const AHEAD = 3;

type Range = 'near' | 'whole';
type Setting = Readonly<{ path: string; value: unknown }>;
type Props = Readonly<{ name: string; progress: Progress }>;

export function Warmup({ name, progress }: Props) {
  const [provider, setProvider] = useState(OTHERS);
  const { providers, done, idle, since, timeZone } = progress;
  const chosen = providers.find((one) => one.provider === provider) ?? providers[0];
  if (done) return <Notice tone="ok">{t('warmup.done')}</Notice>;
  return (
    <Card
      title={t('warmup.title')}
      note={t('warmup.note', { since: sayDay(Date.parse(since)), timeZone, idle: number(idle) })}
      actions={
        <Select
          size="small"
          label={t('transports.provider')}
          options={providers.map((one) => ({ value: one.provider, text: nameOf(one.provider) }))}
          value={chosen?.provider ?? OTHERS}
          onValue={setProvider}
        />
      }
    >
      <div class="stack">
        {chosen && <Plan name={name} progress={progress} chosen={chosen} />}
        <h3>{t('warmup.today')}</h3>
        <Bars
          label={t('warmup.today')}
          bars={providers.map(({ provider: key, used, cap, day, days }) => ({
            key,
            name: `${nameOf(key)} · ${t('warmup.day', { day: Math.min(day, days), days })}`,
            value: used,
            note: cap === undefined ? t('warmup.free') : t('warmup.of', { cap: number(cap) }),
            share: cap === undefined || cap === 0 ? 0 : used / cap,
          }))}
        />
      </div>
    </Card>
  );
}

const nameOf = (provider: string): string =>
  provider === OTHERS ? t('transports.others') : providerName(provider);

type PlanProps = Props & Readonly<{ chosen: ProviderProgress }>;

function Plan({ name, progress, chosen }: PlanProps) {
  const [range, setRange] = useState<Range>('near');
  const settings = useAsk<Readonly<{ items: readonly Setting[] }>>(
    may('settings:read') ? 'settings' : undefined,
  ).value?.items;
  const today = Date.parse(`${progress.today}T00:00:00Z`);
  const begun = today - (chosen.day - 1) * DAY;
  const asked = useAsk<Statistics>(may('statistics:read') ? 'statistics' : undefined, {
    transport: name,
    since: begun,
    until: today + DAY,
    every: 'day',
    by: 'provider',
    limit: 1000,
  }).value;
  const curve = useMemo(() => curveOf(settings ?? [], chosen.provider), [settings, chosen.provider]);
  const at = useMemo(
    () => Array.from({ length: daysShown(range, curve.length, chosen.day) }, (_, n) => begun + n * DAY),
    [curve, begun, chosen.day, range],
  );
  const lines = useMemo(
    (): readonly Line[] => [
      { name: t('warmup.plan'), color: 'c2', values: at.map((_, n) => curve[n] ?? 0) },
      { name: t('warmup.actual'), color: 'c1', fill: true, values: leftBy({ at, asked, progress, chosen }) },
    ],
    [at, curve, asked, progress, chosen],
  );
  if (curve.length === 0) return null;
  return (
    <>
      <Chart
        label={t('warmup.chart')}
        at={at}
        lines={lines}
        sayAt={sayDay}
        rests={Math.min(chosen.day, at.length) - 1}
      />
      <div>
        <Choice
          label={t('warmup.chart')}
          options={[
            { value: 'near', text: t('warmup.near') },
            { value: 'whole', text: t('warmup.whole') },
          ]}
          value={range}
          onValue={setRange}
        />
      </div>
    </>
  );
}

/** The plan grows so fast that its end hides its beginning. */
function daysShown(range: Range, planned: number, day: number): number {
  const all = Math.max(planned, day);
  return range === 'whole' ? all : Math.min(all, day + AHEAD);
}

/** The plan of a provider as the configuration has it. */
function curveOf(settings: readonly Setting[], provider: string): readonly number[] {
  const paths = [provider === OTHERS ? 'warmup.others' : `warmup.providers.${provider}`, 'warmup.curve'];
  const found = paths.map((path) => settings.find((one) => one.path === path)?.value).find(Array.isArray);
  return (found ?? []).map(Number);
}

type Leaving = Readonly<{
  at: readonly number[];
  asked: Statistics | undefined;
  progress: Progress;
  chosen: ProviderProgress;
}>;

/** What left by day: from the statistics, today as the warm-up itself counts it. Providers without a curve are "others". */
function leftBy({ at, asked, progress, chosen }: Leaving): readonly number[] {
  const named = new Set(progress.providers.map(({ provider }) => provider));
  const isOf = (key: string): boolean =>
    chosen.provider === OTHERS ? !named.has(key) : key === chosen.provider;
  const left = new Map<number, number>();
  for (const { at: day = 0, key = '', delivered, bounced } of asked?.rows ?? [])
    if (isOf(key)) left.set(day, (left.get(day) ?? 0) + delivered + bounced);
  return at.map((day, n) =>
    n === chosen.day - 1 ? Math.max(chosen.used, left.get(day) ?? 0) : (left.get(day) ?? 0),
  );
}
