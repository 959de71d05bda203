// The steps of a guide: what to open, fields and values to copy, code, and what helps when it does not work.
import { t } from '../../lib/i18n.ts';
import { Copyable, Snippet } from '../../parts/copy.tsx';
import { say } from './say.ts';
import { password, type Field, type Filled, type Guide } from './guide.ts';

export function Steps({ guide, at }: Readonly<{ guide: Guide; at: Filled }>) {
  return (
    <div class="stack">
      <ol class="steps">
        {guide.steps(at).map(({ text, fields, code }, step) => (
          <li key={step}>
            <div>
              <p>{say(text)}</p>
              {fields && <Fill fields={fields} at={at} />}
              {code && <Snippet label={code.label} text={code.text} />}
            </div>
          </li>
        ))}
      </ol>
      {guide.hints && (
        <div class="stack tight-stack">
          <h3>{t('guides.hints')}</h3>
          <ul class="list">
            {guide.hints.map((hint) => (
              <li key={hint.en}>{say(hint)}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

/** What stands where in the product's form; what must be typed to the letter can be copied. */
function Fill({ fields, at }: Readonly<{ fields: readonly Field[]; at: Filled }>) {
  const exact = new Set([at.host, String(at.port), at.user, at.from, at.domain]);
  return (
    <dl class="fill">
      {fields.map(([name, value], row) => [
        <dt key={`name ${row}`}>{say(name)}</dt>,
        <dd key={`value ${row}`}>
          {typeof value === 'string' && exact.has(value) ? (
            <Copyable text={value} what={say(name)} />
          ) : value === password ? (
            <em>{say(value)}</em>
          ) : (
            say(value)
          )}
        </dd>,
      ])}
    </dl>
  );
}
