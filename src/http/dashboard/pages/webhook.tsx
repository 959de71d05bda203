// One webhook: how it is doing, what was sent and answered last, a test, and sending again.
import { useRoute } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { useAsk } from '../lib/ask.ts';
import { number, span } from '../lib/format.ts';
import { t, word } from '../lib/i18n.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Button, Card, Notice, PageHead, Shown, Time } from '../parts/basic.tsx';
import { Copyable } from '../parts/copy.tsx';
import { pathOf } from './users/data.ts';
import { WebhookState } from './webhooks.tsx';
import type { Sent, Webhook } from './webhooks/data.ts';
import { MoreDeeds, WebhookDeeds } from './webhooks/deeds.tsx';
import { EditWebhook } from './webhooks/edit.tsx';
import { Log } from './webhooks/log.tsx';

const EVERY_MS = 5000;

export function WebhookPage() {
  const id = useRoute().params['id'] ?? '';
  const path = pathOf('webhooks', id);
  const asked = useAsk<Webhook>(path, {}, EVERY_MS);
  const log = useAsk<Readonly<{ items: readonly Sent[] }>>(`${path}/log`, { limit: 50 }, EVERY_MS);
  const { value } = asked;
  const again = (): void => {
    asked.again();
    log.again();
  };
  useTitle(value?.name ?? t('nav.webhooks'));
  return (
    <>
      <PageHead
        title={<span class="breaks">{value?.name ?? id}</span>}
        back={{ href: '/webhooks', text: t('nav.webhooks') }}
        lead={value && <WebhookState condition={value.condition} />}
      >
        {value && may('webhooks:write') && <WebhookDeeds hook={value} again={again} />}
      </PageHead>
      <Shown of={asked}>
        {(hook) => (
          <>
            <Trouble hook={hook} />
            <div class="grid two">
              <Facts hook={hook} again={again} />
              {may('webhooks:write') && <MoreDeeds hook={hook} again={again} />}
            </div>
          </>
        )}
      </Shown>
      <Card title={t('webhooks.log')} note={t('webhooks.logNote')} inside="bare">
        <Shown of={log}>{({ items }) => <Log items={items} />}</Shown>
      </Card>
    </>
  );
}

function Trouble({ hook }: Readonly<{ hook: Webhook }>) {
  const { condition, problem, failingSince, nextTry, lagMs } = hook;
  if (condition === 'parked')
    return <Notice tone="bad">{t('webhooks.parkedText', { problem: problem ?? '' })}</Notice>;
  if (condition === 'failing')
    return (
      <Notice tone="warn">
        {problem}
        {failingSince !== undefined && (
          <>
            {' · '}
            {t('webhooks.failsSince')} <Time at={failingSince} as="relative" />
          </>
        )}
        {nextTry !== undefined && (
          <>
            {' · '}
            {t('webhooks.next')} <Time at={nextTry} as="relative" />
          </>
        )}
      </Notice>
    );
  if (condition === 'behind')
    return <Notice tone="wait">{t('webhooks.behindText', { lag: span(lagMs) })}</Notice>;
  if (condition === 'off') return <Notice>{t('webhooks.offText')}</Notice>;
  return null;
}

function Facts({ hook, again }: Readonly<{ hook: Webhook; again(): void }>) {
  const [edits, setEdits] = useState(false);
  const { url, shape, user, types, campaigns, tags, domains, people, sent, requests, publicKey, secrets } =
    hook;
  return (
    <Card
      title={t('webhooks.facts')}
      actions={
        may('webhooks:write') && (
          <Button size="small" icon="edit" onClick={() => setEdits(true)}>
            {t('common.change')}
          </Button>
        )
      }
    >
      {edits && <EditWebhook hook={hook} onClose={() => setEdits(false)} onDone={again} />}
      <dl class="pairs">
        <dt>{t('webhooks.url')}</dt>
        <dd>{url}</dd>
        <dt>{t('webhooks.shape')}</dt>
        <dd>{word('shape', shape)}</dd>
        <dt>{t('webhooks.ofUser')}</dt>
        <dd>{user ?? t('common.all')}</dd>
        <dt>{t('webhooks.which')}</dt>
        <dd>{types.length === 0 ? t('common.all') : types.map((type) => word('status', type)).join(', ')}</dd>
        {[...campaigns, ...tags, ...domains].length > 0 && (
          <>
            <dt>{t('webhooks.only')}</dt>
            <dd>{[...campaigns, ...tags, ...domains].join(', ')}</dd>
          </>
        )}
        <dt>{t('webhooks.people')}</dt>
        <dd>{people ? t('common.yes') : t('common.no')}</dd>
        <dt>{t('webhooks.sent')}</dt>
        <dd>{t('webhooks.inRequests', { sent: number(sent), requests: number(requests) })}</dd>
        <dt>{t('webhooks.secret')}</dt>
        <dd>
          {t('webhooks.secretSince')} <Time at={secrets[0]?.since ?? 0} />
        </dd>
        {publicKey && (
          <>
            <dt>{t('webhooks.publicKey')}</dt>
            <dd>
              <Copyable text={publicKey} what={t('webhooks.publicKey')} />
            </dd>
          </>
        )}
      </dl>
    </Card>
  );
}
