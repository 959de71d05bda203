// What the world thinks of a transport: block lists, names in the DNS, its address; and what providers answered in the last hour.
import { useState } from 'preact/hooks';
import { post } from '../../lib/api.ts';
import { number, share } from '../../lib/format.ts';
import { t, word } from '../../lib/i18n.ts';
import { sayServer } from '../../lib/problems.ts';
import { providerName } from '../../lib/say.ts';
import { Button, Card, Notice, Status, Time, type Tone } from '../../parts/basic.tsx';
import { told } from '../../parts/forms.tsx';
import type { IconName } from '../../parts/icons.tsx';
import { Table, type Column } from '../../parts/table.tsx';
import { pathOf } from '../users/data.ts';
import type { Findings, Tally } from './data.ts';

type Look = Readonly<{ tone: Tone; icon: IconName }>;

const looks: Readonly<Record<string, Look>> = {
  ok: { tone: 'ok', icon: 'check-circle' },
  trouble: { tone: 'bad', icon: 'cross-circle' },
  problem: { tone: 'bad', icon: 'cross-circle' },
  hint: { tone: 'warn', icon: 'warning' },
  warning: { tone: 'warn', icon: 'warning' },
  unknown: { tone: 'still', icon: 'info' },
};

/** A finding: how it is, and a sentence. */
export function Finding({
  state,
  children,
}: Readonly<{ state: string; children: preact.ComponentChildren }>) {
  return (
    <li>
      <Status {...(looks[state] ?? { tone: 'still', icon: 'info' })}>{word('finding', state)}</Status>
      <span class="breaks">{children}</span>
    </li>
  );
}

type ChecksProps = Readonly<{ name: string; findings: Findings; again(): void }>;

export function Checks({ name, findings, again }: ChecksProps) {
  const [busy, setBusy] = useState(false);
  const { at, bind, identity, listings } = findings;
  const check = async (): Promise<void> => {
    setBusy(true);
    await told(post(`${pathOf('transports', name)}/check`), t('transports.checked'));
    setBusy(false);
    again();
  };
  return (
    <Card
      title={t('transports.checks')}
      note={at === 0 ? t('transports.notYet') : <Looked at={at} />}
      actions={
        <Button size="small" icon="again" disabled={busy} onClick={() => void check()}>
          {busy ? t('domain.checking') : t('transports.check')}
        </Button>
      }
    >
      <ul class="checks">
        <Finding state={bind.state}>{sayServer(bind.sentence) || t('transports.notYet')}</Finding>
        {identity.map(({ check: what, address, state, sentence }) => (
          <Finding key={`${what} ${address}`} state={state}>
            {sayServer(sentence)}
          </Finding>
        ))}
        <Lists listings={listings} />
      </ul>
    </Card>
  );
}

const Looked = ({ at }: Readonly<{ at: number }>) => (
  <>
    {t('transports.looked')} <Time at={at} as="relative" />
  </>
);

function Lists({ listings }: Readonly<{ listings: Findings['listings'] }>) {
  const listed = listings.filter((one) => one.listed);
  if (listings.length === 0) return <Finding state="unknown">{t('transports.noLists')}</Finding>;
  if (listed.length === 0)
    return (
      <Finding state="ok">
        {t('transports.onNone', { lists: [...new Set(listings.map(({ list }) => list))].join(', ') })}
      </Finding>
    );
  return (
    <>
      {listed.map(({ address, list, listed: entry }) => (
        <Finding key={`${list} ${address}`} state={entry?.act === 'quarantine' ? 'problem' : 'warning'}>
          {t('transports.onList', { address, list, codes: entry?.codes.join(', ') ?? '' })}{' '}
          {entry && <Time at={entry.since} as="relative" />}
        </Finding>
      ))}
    </>
  );
}

type Row = Readonly<{ provider: string }> & Tally;

export function Rates({ findings: { hour, rates } }: Readonly<{ findings: Findings }>) {
  const rows = Object.entries(hour)
    .map(([provider, tally]): Row => ({ provider, ...tally }))
    .sort((one, other) => allOf(other) - allOf(one));
  return (
    <Card title={t('transports.rates')} note={t('transports.ratesNote')} inside="bare">
      {rates.level !== 'good' && (
        <div class="inside">
          <Notice tone={rates.level === 'worst' ? 'bad' : 'warn'}>{sayServer(rates.reason)}</Notice>
        </div>
      )}
      {rows.length === 0 ? (
        <div class="inside quiet">{t('transports.noRates')}</div>
      ) : (
        <Table
          label={t('transports.rates')}
          rows={rows}
          keyOf={({ provider }) => provider}
          columns={columns()}
        />
      )}
    </Card>
  );
}

const allOf = ({ delivered, deferred, blocked, bounced }: Tally): number =>
  delivered + deferred + blocked + bounced;

function columns(): readonly Column<Row>[] {
  const counted = (['delivered', 'deferred', 'blocked', 'bounced', 'complained'] as const).map(
    (name): Column<Row> => ({
      title: t(`transports.rate.${name}`),
      kind: 'number',
      cell: (row) =>
        row[name] === 0 ? (
          <span class="quiet">0</span>
        ) : (
          `${number(row[name])} · ${share(row[name], allOf(row))}`
        ),
    }),
  );
  return [
    {
      title: t('transports.provider'),
      isName: true,
      kind: 'whole',
      cell: ({ provider }) => (
        <span>{provider === '' ? t('transports.others') : providerName(provider)}</span>
      ),
    },
    ...counted,
  ];
}
