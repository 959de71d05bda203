// One domain: the DNS records to publish, each with what the DNS says of it now, and the hosts and brand of its mail.
import { useRoute } from 'preact-iso/router';
import { useAsk } from '../lib/ask.ts';
import { t, word } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Button, LinkButton, Notice, PageHead, ProblemNote, Shown } from '../parts/basic.tsx';
import { FactsCard } from '../parts/facts.tsx';
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
  const { name, trackingHost, returnPath, brand, pool } = domain;
  return (
    <FactsCard
      title={t('domain.facts')}
      note={t('domain.factsNote')}
      mayChange={may('domains:write') && domain.origin !== 'file'}
      edit={(onClose) => <EditDomain domain={domain} onClose={onClose} onDone={again} />}
      drop={{
        title: t('domain.removeTitle', { name }),
        text: t('domain.removeAsk'),
        path: pathOf('domains', name),
        done: t('domain.removed', { name }),
        next: '/domains',
      }}
    >
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
    </FactsCard>
  );
}
