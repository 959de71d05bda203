// Domains: what mail is sent from, signed for, and how to begin with another one.
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { usePages } from '../lib/ask.ts';
import { t } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, Empty, PageHead } from '../parts/basic.tsx';
import { PagedTable } from '../parts/table.tsx';
import { AddDomain } from './domains/add.tsx';
import type { Domain } from './users/data.ts';

const LIMIT = 100;

export function DomainsPage() {
  const { query } = useLocation();
  const [adds, setAdds] = useState(query['add'] !== undefined);
  const pages = usePages<Domain>('domains', { limit: LIMIT });
  useTitle(t('nav.domains'));
  const add = may('domains:write') && (
    <Button kind="primary" icon="plus" onClick={() => setAdds(true)}>
      {t('domains.add')}
    </Button>
  );
  return (
    <>
      <PageHead title={t('nav.domains')} lead={t('domains.lead')}>
        {add}
      </PageHead>
      <Card inside="bare">
        <PagedTable
          label={t('nav.domains')}
          pages={pages}
          keyOf={({ name }) => name}
          columns={[
            {
              title: t('domains.name'),
              isName: true,
              kind: 'whole',
              cell: ({ name }) => <a href={`/domains/${encodeURIComponent(name)}`}>{name}</a>,
            },
            { title: t('domains.keys'), cell: ({ keys }) => keys.map(({ selector }) => selector).join(', ') },
            { title: t('domains.links'), cell: ({ trackingHost }) => trackingHost ?? '–' },
            { title: t('domains.bounces'), cell: ({ returnPath }) => returnPath ?? '–' },
            { title: t('users.pool'), cell: ({ pool }) => pool ?? '–' },
          ]}
          empty={
            <Empty icon="domains" title={t('domains.none')} text={t('domains.noneText')}>
              {add && <div class="buttons">{add}</div>}
            </Empty>
          }
        />
      </Card>
      {adds && <AddDomain onClose={() => setAdds(false)} />}
    </>
  );
}
