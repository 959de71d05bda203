// One domain: the DNS records to publish, each with what the DNS says of it now, and the hosts and brand of its mail.
import { useLocation, useRoute } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { remove } from '../lib/api.ts';
import { useAsk } from '../lib/ask.ts';
import { t, word } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, LinkButton, Notice, PageHead, ProblemNote, Shown } from '../parts/basic.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { told } from '../parts/forms.tsx';
import { pathOf, type CheckedDomain, type ShownDomain } from './users/data.ts';
import { EditDomain } from './users/edit-domain.tsx';
import { Records } from './users/records.tsx';

const EVERY_MS = 30_000;

export function DomainPage() {
  const name = useRoute().params['name'] ?? '';
  const path = pathOf('domains', name);
  const asked = useAsk<ShownDomain>(path);
  const checked = useAsk<CheckedDomain>(`${path}/check`, {}, EVERY_MS);
  useTitle(name);
  return (
    <>
      <PageHead
        title={<span class="breaks">{name}</span>}
        back={{ href: '/domains', text: t('nav.domains') }}
        lead={t('domain.lead')}
      >
        <Button icon="again" disabled={checked.busy} onClick={checked.again}>
          {checked.busy ? t('domain.checking') : t('domain.check')}
        </Button>
        {may('users:write') && (
          <LinkButton icon="users" href="/users?add=1">
            {t('users.add')}
          </LinkButton>
        )}
      </PageHead>
      <Shown of={asked} lines={8}>
        {(domain) => (
          <>
            {checked.problem && <ProblemNote problem={checked.problem} again={checked.again} />}
            {checked.value && <Verdict checked={checked.value} />}
            <Records records={checked.value?.records ?? domain.records} />
            <Facts
              domain={domain}
              again={() => {
                asked.again();
                checked.again();
              }}
            />
          </>
        )}
      </Shown>
    </>
  );
}

function Verdict({ checked: { isGood, records, lacks } }: Readonly<{ checked: CheckedDomain }>) {
  const open = records.filter(({ state }) => state !== 'ok');
  const unknown = open.length > 0 && open.every(({ state }) => state === 'unknown');
  return (
    <>
      <Notice tone={open.length === 0 ? 'ok' : unknown ? 'still' : isGood ? 'wait' : 'warn'}>
        {open.length === 0
          ? t('domain.good')
          : unknown
            ? t('domain.noDns')
            : isGood
              ? t('domain.fair')
              : t('domain.open')}
      </Notice>
      {lacks.map((one) => (
        <Notice key={one}>{word('domain.lacks', one.replace('.', '-'))}</Notice>
      ))}
    </>
  );
}

function Facts({ domain, again }: Readonly<{ domain: ShownDomain; again(): void }>) {
  const { route } = useLocation();
  const [asks, setAsks] = useState<'edit' | 'remove' | undefined>(undefined);
  const { name, trackingHost, returnPath, brand, pool } = domain;
  const close = (): void => setAsks(undefined);
  const drop = async (): Promise<void> => {
    const done = await told(remove(pathOf('domains', name)), t('domain.removed', { name }));
    if (done !== undefined) route('/domains');
  };
  const actions = may('domains:write') && domain.origin !== 'file' && (
    <>
      <Button size="small" icon="edit" onClick={() => setAsks('edit')}>
        {t('common.change')}
      </Button>
      <Button size="small" icon="trash" kind="danger" onClick={() => setAsks('remove')}>
        {t('common.delete')}
      </Button>
    </>
  );
  return (
    <Card title={t('domain.facts')} note={t('domain.factsNote')} actions={actions}>
      <dl class="pairs">
        <dt>{t('domains.links')}</dt>
        <dd>{trackingHost ?? t('domain.ours')}</dd>
        <dt>{t('domains.bounces')}</dt>
        <dd>{returnPath ?? t('domain.ours')}</dd>
        <dt>{t('domain.brand')}</dt>
        <dd>{brand?.name ?? '–'}</dd>
        <dt>{t('users.pool')}</dt>
        <dd>{pool ?? t('domain.poolOfUser')}</dd>
        <dt>{t('common.origin')}</dt>
        <dd>{domain.origin === 'file' ? t('common.byFile') : t('common.byHand')}</dd>
      </dl>
      {asks === 'edit' && <EditDomain domain={domain} onClose={close} onDone={again} />}
      <Confirm
        open={asks === 'remove'}
        onClose={close}
        title={t('domain.removeTitle', { name })}
        text={t('domain.removeAsk')}
        action={t('common.delete')}
        onConfirm={drop}
      />
    </Card>
  );
}
