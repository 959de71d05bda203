// DNS records to publish: what each is for, name and value to copy, and what the DNS has there now.
import { t, word } from '../../lib/i18n.ts';
import { Card, Status, type Tone } from '../../parts/basic.tsx';
import { Copyable } from '../../parts/copy.tsx';
import type { IconName } from '../../parts/icons.tsx';
import type { CheckedRecord, DnsRecord } from './data.ts';

type Row = DnsRecord & Partial<Pick<CheckedRecord, 'state' | 'found'>>;
type Look = Readonly<{ tone: Tone; icon: IconName }>;

const looks: Readonly<Record<CheckedRecord['state'] | 'asking', Look>> = {
  ok: { tone: 'ok', icon: 'check-circle' },
  missing: { tone: 'warn', icon: 'minus' },
  different: { tone: 'bad', icon: 'cross-circle' },
  unknown: { tone: 'still', icon: 'info' },
  asking: { tone: 'still', icon: 'clock' },
};

export function Records({ records }: Readonly<{ records: readonly Row[] }>) {
  return (
    <Card title={t('domain.records')} note={t('domain.recordsNote')}>
      <ul class="records">
        {records.map((record) => (
          <Record key={`${record.purpose} ${record.type} ${record.name} ${record.value}`} record={record} />
        ))}
      </ul>
    </Card>
  );
}

function Record({ record }: Readonly<{ record: Row }>) {
  const { name, type, value, purpose, note, state = 'asking', found = [] } = record;
  return (
    <li class="record">
      <div class="row between">
        <div class="row">
          <h3>{word('domain.purpose', purpose)}</h3>
          <span class="tag">{type}</span>
        </div>
        <span role="status">
          <Status {...looks[state]}>{t(`domain.state.${state}`)}</Status>
        </span>
      </div>
      <p class="small quiet">{word('domain.why', purpose, note)}</p>
      <dl class="pairs">
        <NameAndValue name={name} value={value} />
        {state === 'different' && found.length > 0 && (
          <>
            <dt>{t('domain.found')}</dt>
            <dd>
              {found.map((one) => (
                <code key={one}>{one}</code>
              ))}
            </dd>
          </>
        )}
      </dl>
    </li>
  );
}

/** What is to be published, to copy, in a list of pairs. */
export function NameAndValue({ name, value }: Readonly<Pick<DnsRecord, 'name' | 'value'>>) {
  return (
    <>
      <dt>{t('domain.recordName')}</dt>
      <dd>
        <Copyable text={name} what={t('domain.recordName')} />
      </dd>
      <dt>{t('domain.recordValue')}</dt>
      <dd>
        <Copyable text={value} what={t('domain.recordValue')} />
      </dd>
    </>
  );
}
