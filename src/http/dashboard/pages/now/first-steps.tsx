// Stands on the first page while no mail has come: what to do to see the first message.
import { useAsk } from '../../lib/ask.ts';
import { t } from '../../lib/i18n.ts';
import { Card, LinkButton } from '../../parts/basic.tsx';
import { Snippet } from '../../parts/copy.tsx';
import { tryCommand, type Overview } from '../sandbox/data.ts';
import type { Now } from './data.ts';

export function FirstSteps({ now }: Readonly<{ now: Now }>) {
  const { value } = useAsk<Overview>('/page/overview');
  const command = value && tryCommand(value);
  return (
    <Card title={t('now.firstTitle')} note={now.sandboxed ? t('now.firstSandboxed') : t('now.first')}>
      <div class="stack">
        {command && <Snippet label={t('sandbox.try')} text={command} />}
        <div class="buttons">
          <LinkButton href="/guides" icon="guides" kind="primary">
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
