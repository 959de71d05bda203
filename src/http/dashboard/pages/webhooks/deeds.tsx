// What can be done about a webhook: test it, pause it, let it go on, send again, give it a new secret, delete it.
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { post, remove } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { now } from '../../lib/time.ts';
import { Button, Card, Notice } from '../../parts/basic.tsx';
import { Confirm, Dialog } from '../../parts/dialog.tsx';
import { Select } from '../../parts/fields.tsx';
import { Deed, Once, told } from '../../parts/forms.tsx';
import { pathOf } from '../users/data.ts';
import type { Sent, Webhook, WithSecret } from './data.ts';
import { Entry } from './log.tsx';

type Props = Readonly<{ hook: Webhook; again(): void }>;

export function WebhookDeeds({ hook, again }: Props) {
  const [busy, setBusy] = useState(false);
  const [tested, setTested] = useState<Sent | undefined>(undefined);
  const path = pathOf('webhooks', hook.id);
  const stands = hook.condition === 'off' || hook.condition === 'parked';
  const test = async (): Promise<void> => {
    setBusy(true);
    setTested(await told(post<Sent>(`${path}/test`, {}), t('webhooks.tested')));
    setBusy(false);
    again();
  };
  const turn = async (): Promise<void> => {
    const verb = stands ? 'resume' : 'pause';
    await told(post(`${path}/${verb}`), t(`webhooks.done.${verb}`));
    again();
  };
  return (
    <>
      <Button icon="bolt" kind={stands ? 'plain' : 'primary'} disabled={busy} onClick={() => void test()}>
        {busy ? t('webhooks.testing') : t('webhooks.test')}
      </Button>
      <Button
        icon={stands ? 'play' : 'pause'}
        onClick={() => void turn()}
        {...(stands ? { kind: 'primary' } : {})}
      >
        {stands ? t('webhooks.resume') : t('webhooks.pause')}
      </Button>
      <Dialog
        title={t('webhooks.test')}
        open={tested !== undefined}
        onClose={() => setTested(undefined)}
        size="wide"
      >
        {tested && (
          <>
            <Notice tone={tested.taken ? 'ok' : 'bad'}>
              {tested.taken ? t('webhooks.taken') : t('webhooks.notTaken')}
            </Notice>
            <Entry one={tested} open />
          </>
        )}
      </Dialog>
    </>
  );
}

const HOUR = 3_600_000;
const spans = { '1': HOUR, '24': 24 * HOUR, '72': 72 * HOUR } as const;
type Span = keyof typeof spans;

export function MoreDeeds({ hook, again }: Props) {
  const [since, setSince] = useState<Span>('1');
  const [asks, setAsks] = useState<'replay' | 'rotate' | 'remove' | undefined>(undefined);
  return (
    <Card title={t('users.deeds')}>
      <div class="deeds">
        <Deed text={t('webhooks.replayText')}>
          <Select
            label={t('webhooks.replaySince')}
            options={[
              { value: '1', text: t('webhooks.hour') },
              { value: '24', text: t('webhooks.day') },
              { value: '72', text: t('webhooks.days') },
            ]}
            value={since}
            onValue={setSince}
          />
          <Button icon="again" onClick={() => setAsks('replay')}>
            {t('webhooks.replay')}
          </Button>
        </Deed>
        <Deed text={t('webhooks.rotateText')}>
          <Button icon="keys" onClick={() => setAsks('rotate')}>
            {t('webhooks.rotate')}
          </Button>
        </Deed>
        <Deed text={t('webhooks.removeText')}>
          <Button icon="trash" kind="danger" onClick={() => setAsks('remove')}>
            {t('common.delete')}
          </Button>
        </Deed>
      </div>
      <Questions hook={hook} asks={asks} since={since} again={again} onClose={() => setAsks(undefined)} />
    </Card>
  );
}

type QuestionsProps = Props &
  Readonly<{ asks: 'replay' | 'rotate' | 'remove' | undefined; since: Span; onClose(): void }>;

function Questions({ hook, asks, since, again, onClose }: QuestionsProps) {
  const { route } = useLocation();
  const [secret, setSecret] = useState<string | undefined>(undefined);
  const { id, name } = hook;
  const path = pathOf('webhooks', id);
  const replay = async (): Promise<void> => {
    await told(post(`${path}/replay`, { since: now() - spans[since] }), t('webhooks.done.replay'));
    again();
  };
  const rotate = async (): Promise<void> => {
    const made = await told(post<WithSecret>(`${path}/rotate`, {}), t('webhooks.done.rotate'));
    setSecret(made?.secret);
    again();
  };
  const drop = async (): Promise<void> => {
    if ((await told(remove(path), t('webhooks.done.remove', { name }))) !== undefined) route('/webhooks');
  };
  return (
    <>
      <Confirm
        open={asks === 'replay'}
        onClose={onClose}
        title={t('webhooks.replayTitle')}
        text={t('webhooks.replayAsk')}
        action={t('webhooks.replay')}
        kind="primary"
        onConfirm={replay}
      />
      <Confirm
        open={asks === 'rotate'}
        onClose={onClose}
        title={t('webhooks.rotateTitle')}
        text={t('webhooks.rotateText')}
        action={t('webhooks.rotate')}
        kind="primary"
        onConfirm={rotate}
      />
      <Confirm
        open={asks === 'remove'}
        onClose={onClose}
        title={t('users.removeTitle', { name })}
        text={t('webhooks.removeAsk')}
        action={t('common.delete')}
        onConfirm={drop}
      />
      <Once
        title={t('webhooks.newSecret')}
        text={t('webhooks.secretText')}
        secret={secret}
        what={t('webhooks.secret')}
        onClose={() => setSecret(undefined)}
      />
    </>
  );
}
