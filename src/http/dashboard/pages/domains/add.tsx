// The form for a new domain; who is not the operator proves first, by a record in its DNS, that it is theirs.
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { get, post, type Answer } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { Notice } from '../../parts/basic.tsx';
import { TextField } from '../../parts/fields.tsx';
import { FormDialog, wrongAt } from '../../parts/forms.tsx';
import { NameAndValue } from '../users/records.tsx';
import { pathOf, type DnsRecord, type ShownDomain } from '../users/data.ts';

type Proof = Readonly<{ record: DnsRecord; isProved: boolean }>;

export function AddDomain({ onClose }: Readonly<{ onClose(): void }>) {
  const { route } = useLocation();
  const [name, setName] = useState('');
  const [proof, setProof] = useState<Proof | undefined>(undefined);
  const send = async (): Promise<Answer<ShownDomain>> => {
    const answer = await post<ShownDomain>('domains', { name: name.trim() });
    if (answer.ok || answer.problem.status !== 409) return answer;
    // It is taken, or is to be proved first: only then there is a record that the DNS does not show yet.
    const asked = await get<Proof>(`${pathOf('domains', name.trim())}/proof`);
    setProof(
      asked.ok && !asked.value.isProved && /\bTXT\b/.test(answer.problem.detail) ? asked.value : undefined,
    );
    return answer;
  };
  return (
    <FormDialog
      title={t('domains.add')}
      action={proof ? t('domains.lookAndAdd') : t('domains.create')}
      open
      onClose={onClose}
      send={send}
      onDone={(made) => route(`/domains/${encodeURIComponent(made.name)}`)}
      hidesProblem={proof !== undefined}
    >
      {(problem) => (
        <>
          <TextField
            label={t('domains.name')}
            hint={t('domains.nameHint')}
            name="name"
            placeholder="shop.example"
            value={name}
            onValue={(value) => {
              setName(value);
              setProof(undefined);
            }}
            required
            autofocus
            autocomplete="off"
            {...wrongAt(problem, 'name')}
          />
          {proof && <ToProve record={proof.record} />}
        </>
      )}
    </FormDialog>
  );
}

function ToProve({ record: { name, type, value } }: Readonly<{ record: DnsRecord }>) {
  return (
    <div class="record" role="status">
      <div class="row">
        <h3>{t('domains.prove')}</h3>
        <span class="tag">{type}</span>
      </div>
      <p class="small quiet">{t('domains.proveText')}</p>
      <dl class="pairs">
        <NameAndValue name={name} value={value} />
      </dl>
      <Notice tone="wait">{t('domains.proveWaits')}</Notice>
    </div>
  );
}
