// The configuration in effect: every value by section, who says it and in which line; a search narrows it down.
import { useState } from 'preact/hooks';
import { size, span } from '../../lib/format.ts';
import { plural, t } from '../../lib/i18n.ts';
import { Card, Empty, Status } from '../../parts/basic.tsx';
import { Check } from '../../parts/fields.tsx';
import { Icon } from '../../parts/icons.tsx';

export type Setting = Readonly<{
  path: string;
  value?: unknown;
  unit?: 'ms' | 'bytes';
  source: 'default' | 'file' | 'environment';
  line?: number;
  secret?: true;
  description?: string;
}>;

export type Configured = Readonly<{ file?: string; items: readonly Setting[] }>;

export function Configuration({ of: { file, items } }: Readonly<{ of: Configured }>) {
  const [text, setText] = useState('');
  const [said, setSaid] = useState(false);
  const sought = text.trim().toLowerCase();
  const shown = items.filter(
    ({ path, description = '', source }) =>
      (!said || source !== 'default') && `${path} ${description}`.toLowerCase().includes(sought),
  );
  // Values that stand by themselves share the first card.
  const sections = Map.groupBy(shown, ({ path }) => (path.includes('.') ? (path.split('.')[0] ?? '') : ''));
  return (
    <div class="stack">
      <div class="row between">
        <div class="search">
          <Icon name="search" />
          <input
            class="input"
            type="search"
            aria-label={t('settings.find')}
            placeholder={t('settings.find')}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </div>
        <Check label={t('settings.said')} checked={said} onValue={setSaid} />
      </div>
      <p class="small quiet">{file === undefined ? t('settings.noFile') : t('settings.file', { file })}</p>
      {shown.length === 0 && (
        <Card>
          <Empty icon="search" title={t('settings.notFound')} />
        </Card>
      )}
      {[...sections].map(([section, settings]) => (
        <details
          key={`${section} ${sought === ''}`}
          class="card section"
          open={sought !== '' || section === '' || settings.some(({ source }) => source !== 'default')}
        >
          <summary>
            <h2>{section === '' ? t('settings.general') : <code>{section}</code>}</h2>
            <span class="small quiet">{plural('settings.count', settings.length)}</span>
          </summary>
          <ul class="settings inside">
            {settings.map((setting) => (
              <Row key={setting.path} setting={setting} />
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}

function Row({
  setting: { path, value, unit, source, line, description, secret },
}: Readonly<{ setting: Setting }>) {
  return (
    <li>
      <div>
        <code class="breaks">{path}</code>
        {description && <p class="small quiet">{description}</p>}
      </div>
      <code class="breaks">{secret ? '••••' : sayValue(value, unit)}</code>
      <span>
        {source === 'default' ? (
          <span class="small quiet">{t('settings.source.default')}</span>
        ) : (
          <Status tone={source === 'file' ? 'ok' : 'wait'} icon={source === 'file' ? 'file' : 'code'}>
            {line === undefined ? t(`settings.source.${source}`) : t(`settings.line.${source}`, { line })}
          </Status>
        )}
      </span>
    </li>
  );
}

function sayValue(value: unknown, unit?: Setting['unit']): string {
  if (unit !== undefined && typeof value === 'number') return unit === 'ms' ? span(value) : size(value);
  if (value === undefined || value === null || value === '') return '–';
  if (Array.isArray(value)) return value.length === 0 ? '[]' : value.map((one) => sayValue(one)).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
