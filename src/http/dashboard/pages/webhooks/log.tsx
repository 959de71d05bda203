// The last requests of a webhook and what was answered; each opens to the whole of both.
import { span } from '../../lib/format.ts';
import { plural, t, word } from '../../lib/i18n.ts';
import { Empty, Status, Time } from '../../parts/basic.tsx';
import { Snippet } from '../../parts/copy.tsx';
import type { Sent } from './data.ts';

export function Log({ items }: Readonly<{ items: readonly Sent[] }>) {
  if (items.length === 0)
    return <Empty icon="send" title={t('webhooks.noLog')} text={t('webhooks.noLogText')} />;
  return (
    <ul class="log">
      {items.map((one) => (
        <li key={`${one.id} ${one.attempt} ${one.at}`}>
          <Entry one={one} />
        </li>
      ))}
    </ul>
  );
}

export function Entry({ one, open }: Readonly<{ one: Sent; open?: boolean }>) {
  const { at, taken, events, types, attempt, test, request, status, answer, problem, ms } = one;
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <details open={open}>
      <summary class="row">
        <Status tone={taken ? 'ok' : 'bad'} icon={taken ? 'check-circle' : 'cross-circle'}>
          {status === undefined ? t('webhooks.noAnswer') : String(status)}
        </Status>
        <Time at={at} />
        <span>{plural('webhooks.events', events)}</span>
        <span class="quiet small">{types.map((type) => word('status', type)).join(', ')}</span>
        <span class="quiet small">{span(ms)}</span>
        {test && <span class="tag">{t('webhooks.isTest')}</span>}
        {attempt > 1 && <span class="tag">{t('webhooks.attempt', { attempt })}</span>}
      </summary>
      <div class="stack">
        {problem && <p>{problem}</p>}
        <Snippet
          label={t('webhooks.request')}
          text={[`${request.method} ${request.url}`, ...headers, '', pretty(request.body)].join('\n')}
        />
        {answer !== undefined && answer !== '' && <Snippet label={t('webhooks.answer')} text={answer} />}
      </div>
    </details>
  );
}

/** JSON with one value a line; anything else as it is. */
function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}
