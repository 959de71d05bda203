// Users: the programs and people that may hand in mail, and how to make a new one.
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { usePages } from '../lib/ask.ts';
import { t } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { tellProblem } from '../lib/toasts.ts';
import { Button, Card, Empty, LinkButton, PageHead, Status } from '../parts/basic.tsx';
import { Once } from '../parts/forms.tsx';
import { PagedTable, type Column } from '../parts/table.tsx';
import { AddUser } from './users/add.tsx';
import type { MadeUser, User } from './users/data.ts';

const LIMIT = 100;

export function UsersPage() {
  const { query, route } = useLocation();
  const [adds, setAdds] = useState(query['add'] !== undefined);
  const [made, setMade] = useState<MadeUser | undefined>(undefined);
  const pages = usePages<User>('users', { limit: LIMIT });
  useTitle(t('nav.users'));
  const done = (user: MadeUser): void => {
    pages.again();
    if (user.warning) tellProblem(user.warning);
    if (user.password !== undefined) setMade(user);
    else route(`/guides?user=${encodeURIComponent(user.name)}`);
  };
  const add = may('users:write') && (
    <Button kind="primary" icon="plus" onClick={() => setAdds(true)}>
      {t('users.add')}
    </Button>
  );
  return (
    <>
      <PageHead title={t('nav.users')} lead={t('users.lead')}>
        {add}
      </PageHead>
      <Card inside="bare">
        <PagedTable
          label={t('nav.users')}
          pages={pages}
          keyOf={({ name }) => name}
          columns={columns()}
          empty={
            <Empty icon="users" title={t('users.none')} text={t('users.noneText')}>
              {add && <div class="buttons">{add}</div>}
            </Empty>
          }
        />
      </Card>
      {adds && <AddUser onClose={() => setAdds(false)} onDone={done} />}
      <Once
        title={t('users.made', { name: made?.name ?? '' })}
        text={t('users.passwordOf', { name: made?.name ?? '' })}
        secret={made?.password}
        what={t('users.password')}
        onClose={() => route(`/guides?user=${encodeURIComponent(made?.name ?? '')}`)}
      />
    </>
  );
}

const columns = (): readonly Column<User>[] => [
  {
    title: t('users.name'),
    isName: true,
    kind: 'whole',
    cell: ({ name }) => <a href={`/users/${encodeURIComponent(name)}`}>{name}</a>,
  },
  {
    title: t('users.state'),
    kind: 'tight',
    cell: ({ disabled }) => <UserState disabled={disabled} />,
  },
  { title: t('users.domains'), cell: ({ domains }) => <span class="breaks">{domains.join(', ')}</span> },
  { title: t('users.pool'), cell: ({ pool }) => pool },
  {
    title: t('users.login'),
    cell: ({ hasPassword, networks }) =>
      [hasPassword ? t('users.byPassword') : '', networks.length > 0 ? t('users.byNetwork') : '']
        .filter(Boolean)
        .join(', '),
  },
  {
    title: t('users.guide'),
    kind: 'tight',
    cell: ({ name }) => (
      <LinkButton size="small" icon="guides" href={`/guides?user=${encodeURIComponent(name)}`}>
        {t('users.guide')}
      </LinkButton>
    ),
  },
];

/** `kind` "member": may log in to the dashboard, or may not. */
export function UserState({ disabled, kind }: Readonly<{ disabled: boolean; kind?: 'member' }>) {
  if (disabled)
    return (
      <Status tone="still" icon="pause">
        {t('users.disabled')}
      </Status>
    );
  return (
    <Status tone="ok" icon="check-circle">
      {kind === 'member' ? t('members.enabled') : t('users.enabled')}
    </Status>
  );
}
