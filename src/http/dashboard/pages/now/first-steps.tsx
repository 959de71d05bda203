// Stands on the first page while no mail has come: what to do to see the first message.
import { tryCommand, useGuide } from '../../lib/guide.ts';
import { t } from '../../lib/i18n.ts';
import { may } from '../../lib/session.ts';
import { Card, LinkButton } from '../../parts/basic.tsx';
import { Snippet } from '../../parts/copy.tsx';
import type { Now } from './data.ts';

export function FirstSteps({ now }: Readonly<{ now: Now }>) {
  const guide = useGuide();
  const command = guide && tryCommand(guide);
  return (
    <Card title={t('now.firstTitle')} note={now.sandboxed ? t('now.firstSandboxed') : t('now.first')}>
      <div class="stack">
        {command && <Snippet label={t('sandbox.try')} text={command} />}
        <div class="buttons">
          {may('domains:write') && (
            <LinkButton href="/domains?add=1" icon="domains" kind="primary">
              {t('now.addDomain')}
            </LinkButton>
          )}
          {may('users:write') && (
            <LinkButton href="/users?add=1" icon="users">
              {t('now.addUser')}
            </LinkButton>
          )}
          <LinkButton href="/guides" icon="guides">
            {t('now.connect')}
          </LinkButton>
          {now.sandboxed && (
            <LinkButton href="/sandbox" icon="sandbox">
              {t('now.openSandbox')}
            </LinkButton>
          )}
        </div>
      </div>
    </Card>
  );
}
