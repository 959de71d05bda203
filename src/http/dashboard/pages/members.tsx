// Members: who may log in to this dashboard, and what they may do there.
import { useState } from 'preact/hooks';
import { patch, post, remove } from '../lib/api.ts';
import { usePages } from '../lib/ask.ts';
import { t } from '../lib/i18n.ts';
import { may, session } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, PageHead, Time } from '../parts/basic.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { Once, told } from '../parts/forms.tsx';
import { PagedTable, type Column } from '../parts/table.tsx';
import { AddMember, EditMember, type MadeMember, type Member } from './members/edit.tsx';
import { UserState } from './users.tsx';
import { pathOf } from './users/data.ts';

type Asks = Readonly<{ what: 'edit' | 'reset' | 'remove'; member: Member }>;

const LIMIT = 100;

export function MembersPage() {
  const [adds, setAdds] = useState(false);
  const [made, setMade] = useState<MadeMember | undefined>(undefined);
  const [asks, setAsks] = useState<Asks | undefined>(undefined);
  const pages = usePages<Member>('members', { limit: LIMIT });
  useTitle(t('nav.members'));
  const done = (member: MadeMember | undefined): void => {
    setMade(member);
    pages.again();
  };
  const switchIt = async ({ name, disabled }: Member): Promise<void> => {
    const said = t(`users.done.${disabled ? 'enable' : 'disable'}`, { name });
    await told(patch(pathOf('members', name), { disabled: !disabled }), said);
    pages.again();
  };
  return (
    <>
      <PageHead title={t('nav.members')} lead={t('members.lead')}>
        {may('members:write') && (
          <Button kind="primary" icon="plus" onClick={() => setAdds(true)}>
            {t('members.add')}
          </Button>
        )}
      </PageHead>
      <Card inside="bare">
        <PagedTable
          label={t('nav.members')}
          pages={pages}
          keyOf={({ name }) => name}
          columns={columns(setAsks, (member) => void switchIt(member))}
          empty={null}
        />
      </Card>
      {adds && <AddMember onClose={() => setAdds(false)} onDone={done} />}
      {asks?.what === 'edit' && (
        <EditMember member={asks.member} onClose={() => setAsks(undefined)} onDone={pages.again} />
      )}
      <Questions asks={asks} onClose={() => setAsks(undefined)} done={done} />
      <Once
        title={t('users.made', { name: made?.name ?? '' })}
        text={t('users.passwordOf', { name: made?.name ?? '' })}
        secret={made?.password}
        what={t('users.password')}
        onClose={() => setMade(undefined)}
      />
    </>
  );
}

function columns(ask: (asks: Asks) => void, switchIt: (member: Member) => void): readonly Column<Member>[] {
  const who = session.value;
  const own = typeof who === 'object' ? who.name : '';
  return [
    { title: t('users.name'), isName: true, kind: 'whole', cell: ({ name }) => <span>{name}</span> },
    {
      title: t('members.role'),
      cell: ({ role, user }) => [t(`role.${role}`), user].filter(Boolean).join(': '),
    },
    {
      title: t('users.state'),
      kind: 'tight',
      cell: ({ disabled }) => <UserState disabled={disabled} kind="member" />,
    },
    { title: t('members.since'), cell: ({ madeAt }) => <Time at={madeAt} /> },
    {
      title: t('users.deeds'),
      kind: 'tight',
      cell: (member) =>
        may('members:write') && (
          <div class="buttons">
            <Button size="small" icon="keys" onClick={() => ask({ what: 'reset', member })}>
              {t('users.newPassword')}
            </Button>
            {member.name !== own && (
              <>
                <Button size="small" icon="edit" onClick={() => ask({ what: 'edit', member })}>
                  {t('members.role')}
                </Button>
                <Button size="small" onClick={() => switchIt(member)}>
                  {member.disabled ? t('users.enable') : t('users.disable')}
                </Button>
                <Button
                  size="small"
                  kind="danger"
                  icon="trash"
                  label={t('members.drop', { name: member.name })}
                  onClick={() => ask({ what: 'remove', member })}
                />
              </>
            )}
          </div>
        ),
    },
  ];
}

type QuestionsProps = Readonly<{
  asks: Asks | undefined;
  onClose(): void;
  done(made: MadeMember | undefined): void;
}>;

function Questions({ asks, onClose, done }: QuestionsProps) {
  const name = asks?.member.name ?? '';
  const path = pathOf('members', name);
  const reset = async (): Promise<void> =>
    done(await told(post<MadeMember>(`${path}/reset-password`, {}), t('users.done.reset', { name })));
  const drop = async (): Promise<void> => {
    await told(remove(path), t('users.done.remove', { name }));
    done(undefined);
  };
  return (
    <>
      <Confirm
        open={asks?.what === 'reset'}
        onClose={onClose}
        title={t('users.resetTitle', { name })}
        text={t('members.resetAsk')}
        action={t('users.reset')}
        onConfirm={reset}
      />
      <Confirm
        open={asks?.what === 'remove'}
        onClose={onClose}
        title={t('users.removeTitle', { name })}
        text={t('members.removeAsk')}
        action={t('common.delete')}
        onConfirm={drop}
      />
    </>
  );
}
