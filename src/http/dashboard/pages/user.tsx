// One user: whether it may send, where from, how much; its password anew, and how to connect it.
import { useLocation, useRoute } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { post, remove } from '../lib/api.ts';
import { useAsk } from '../lib/ask.ts';
import { number, size, span } from '../lib/format.ts';
import { t } from '../lib/i18n.ts';
import { sayServer } from '../lib/problems.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, LinkButton, Notice, PageHead, Shown, Time } from '../parts/basic.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { Deed, Once, told } from '../parts/forms.tsx';
import { UserState } from './users.tsx';
import { pathOf, type MadeUser, type User } from './users/data.ts';
import { EditUser } from './users/edit.tsx';

export function UserPage() {
  const name = useRoute().params['name'] ?? '';
  const asked = useAsk<User>(pathOf('users', name));
  useTitle(name);
  return (
    <>
      <PageHead
        title={<span class="breaks">{name}</span>}
        back={{ href: '/users', text: t('nav.users') }}
        lead={asked.value && <UserState disabled={asked.value.disabled} />}
      >
        <LinkButton icon="guides" kind="primary" href={`/guides?user=${encodeURIComponent(name)}`}>
          {t('users.connect')}
        </LinkButton>
      </PageHead>
      <Shown of={asked}>
        {(user) => (
          <>
            {user.sending && user.sending.state !== 'ok' && (
              <Notice tone="warn">
                {sayServer(user.sending.reason)} <Time at={user.sending.since} as="relative" />
              </Notice>
            )}
            <div class="grid two">
              <Facts user={user} again={asked.again} />
              {may('users:write') &&
                (user.origin === 'file' ? <Fixed /> : <Deeds user={user} again={asked.again} />)}
            </div>
          </>
        )}
      </Shown>
    </>
  );
}

type Props = Readonly<{ user: User; again(): void }>;

function Facts({ user, again }: Props) {
  const [edits, setEdits] = useState(false);
  const { limits = {} } = user;
  const say = (value: number | undefined): string =>
    value === undefined ? t('users.noLimit') : number(value);
  const edit = may('users:write') && user.origin !== 'file' && (
    <Button size="small" icon="edit" onClick={() => setEdits(true)}>
      {t('common.change')}
    </Button>
  );
  return (
    <Card title={t('users.facts')} actions={edit}>
      <dl class="pairs">
        <dt>{t('users.domains')}</dt>
        <dd>{[...user.domains, ...user.senders].join(', ') || '–'}</dd>
        <dt>{t('users.pool')}</dt>
        <dd>{user.pool}</dd>
        <dt>{t('users.login')}</dt>
        <dd>{user.hasPassword ? t('users.byPassword') : t('users.withoutPassword')}</dd>
        <dt>{t('users.networks')}</dt>
        <dd>{user.networks.join(', ') || '–'}</dd>
        <dt>{t('users.perHour')}</dt>
        <dd>{say(limits.messagesPerHour)}</dd>
        <dt>{t('users.perDay')}</dt>
        <dd>{say(limits.messagesPerDay)}</dd>
        <dt>{t('users.recipients')}</dt>
        <dd>{say(limits.recipientsPerMessage)}</dd>
        <dt>{t('users.bytes')}</dt>
        <dd>{limits.messageBytes === undefined ? t('users.noLimit') : size(limits.messageBytes)}</dd>
        <dt>{t('users.archive')}</dt>
        <dd>{user.archive === undefined ? t('users.noArchive') : span(user.archive)}</dd>
        <dt>{t('common.origin')}</dt>
        <dd>{user.origin === 'file' ? t('common.byFile') : t('common.byHand')}</dd>
      </dl>
      {edits && <EditUser user={user} onClose={() => setEdits(false)} onDone={again} />}
    </Card>
  );
}

/** What the configuration file declares, only the file changes. */
const Fixed = () => (
  <Card title={t('users.deeds')}>
    <p class="quiet">{t('common.fixed')}</p>
  </Card>
);

type Asks = 'reset' | 'remove' | undefined;

function Deeds({ user, again }: Props) {
  const { name, disabled } = user;
  const [asks, setAsks] = useState<Asks>(undefined);
  const switchIt = async (): Promise<void> => {
    const verb = disabled ? 'enable' : 'disable';
    await told(post(`${pathOf('users', name)}/${verb}`), t(`users.done.${verb}`, { name }));
    again();
  };
  return (
    <Card title={t('users.deeds')}>
      <div class="deeds">
        <Deed text={t('users.resetText')}>
          <Button icon="keys" onClick={() => setAsks('reset')}>
            {t('users.reset')}
          </Button>
        </Deed>
        <Deed text={disabled ? t('users.enableText') : t('users.disableText')}>
          <Button icon={disabled ? 'play' : 'pause'} onClick={() => void switchIt()}>
            {disabled ? t('users.enable') : t('users.disable')}
          </Button>
        </Deed>
        <Deed text={t('users.removeText')}>
          <Button icon="trash" kind="danger" onClick={() => setAsks('remove')}>
            {t('common.delete')}
          </Button>
        </Deed>
      </div>
      <Questions name={name} asks={asks} onClose={() => setAsks(undefined)} />
    </Card>
  );
}

function Questions({ name, asks, onClose }: Readonly<{ name: string; asks: Asks; onClose(): void }>) {
  const { route } = useLocation();
  const [password, setPassword] = useState<string | undefined>(undefined);
  const path = pathOf('users', name);
  const reset = async (): Promise<void> => {
    const made = await told(post<MadeUser>(`${path}/reset-password`, {}), t('users.done.reset', { name }));
    if (made) setPassword(made.password);
  };
  const drop = async (): Promise<void> => {
    if ((await told(remove(path), t('users.done.remove', { name }))) !== undefined) route('/users');
  };
  return (
    <>
      <Confirm
        open={asks === 'reset'}
        onClose={onClose}
        title={t('users.resetTitle', { name })}
        text={t('users.resetAsk')}
        action={t('users.reset')}
        onConfirm={reset}
      />
      <Confirm
        open={asks === 'remove'}
        onClose={onClose}
        title={t('users.removeTitle', { name })}
        text={t('users.removeAsk')}
        action={t('common.delete')}
        onConfirm={drop}
      />
      <Once
        title={t('users.newPassword')}
        text={t('users.passwordOf', { name })}
        secret={password}
        what={t('users.password')}
        onClose={() => setPassword(undefined)}
      />
    </>
  );
}
