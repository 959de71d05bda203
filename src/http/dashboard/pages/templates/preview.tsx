// What a template gives for a recipient: filled in by the relay as a message would be, its HTML in a frame that may do nothing.
import { useEffect, useState } from 'preact/hooks';
import { address, post, type Problem } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { after } from '../../lib/time.ts';
import { Card, Notice, ProblemNote, Skeleton } from '../../parts/basic.tsx';
import { AreaField, SelectField, Tabs, TextField } from '../../parts/fields.tsx';
import { MailFrame } from '../../parts/mail-frame.tsx';
import { fieldsIn } from '../recipients/data.ts';
import { pathOfTemplate, syntaxes, type Content, type Filled, type Syntax } from './data.ts';

const PAUSE_MS = 600;

type Wish = Readonly<{ to: string; data: string; syntax: Syntax }>;
type State = Readonly<{ filled?: Filled | undefined; problem?: Problem | undefined; busy: boolean }>;

export function PreviewCard({ name, content }: Readonly<{ name: string; content: Content }>) {
  const [wish, setWish] = useState<Wish>({ to: '', data: '', syntax: 'brackets' });
  const change = (part: Partial<Wish>): void => setWish((last) => ({ ...last, ...part }));
  const { filled, problem, busy } = useFilled(name, content, wish);
  return (
    <Card title={t('templates.preview')} note={t('templates.previewNote')}>
      <div class="stack" aria-busy={busy}>
        <div class="grid two">
          <TextField
            label={t('templates.to')}
            name="to"
            type="email"
            autocomplete="off"
            placeholder="anna@example.com"
            value={wish.to}
            onValue={(to) => change({ to })}
          />
          {content.engine === 'tags' && (
            <SelectField
              label={t('templates.syntax')}
              options={syntaxes.map((value) => ({ value, text: t(`templates.syntax.${value}`) }))}
              value={wish.syntax}
              onValue={(syntax) => change({ syntax })}
            />
          )}
        </div>
        <AreaField
          label={t('templates.data')}
          hint={t(content.engine === 'liquid' ? 'templates.dataHintLiquid' : 'templates.dataHint')}
          name="data"
          rows={3}
          placeholder={'order = 1182\nname = Anna'}
          value={wish.data}
          onValue={(data) => change({ data })}
        />
        {problem && <ProblemNote problem={problem} />}
        {filled?.notes.map((note) => (
          <Notice key={note} tone="warn">
            {note}
          </Notice>
        ))}
        {filled ? <Letter filled={filled} /> : !problem && <Skeleton lines={6} />}
      </div>
    </Card>
  );
}

/** Asked for a moment after somebody stopped typing; the last answer stays while a newer one is made. */
function useFilled(name: string, content: Content, { to, data, syntax }: Wish): State {
  const [state, setState] = useState<State>({ busy: true });
  const isAddress = /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(to.trim());
  const body = {
    content,
    ...(isAddress ? { to: to.trim() } : {}),
    data: fieldsIn(data),
    ...(content.engine === 'tags' ? { mergeSyntax: [syntax] } : {}),
  };
  const key = JSON.stringify(body);
  useEffect(() => {
    let over = false;
    setState((last) => ({ ...last, busy: true }));
    const stop = after(PAUSE_MS, () => {
      void post<Filled>(`${pathOfTemplate(name)}/render`, body).then((answer) => {
        if (over) return;
        setState(
          answer.ok
            ? { filled: answer.value, busy: false }
            : (last) => ({ filled: last.filled, problem: answer.problem, busy: false }),
        );
      });
    });
    return () => {
      over = true;
      stop();
    };
  }, [name, key]);
  return state;
}

function Letter({ filled: { subject, html, text, preview } }: Readonly<{ filled: Filled }>) {
  const [part, setPart] = useState<'html' | 'text'>('html');
  const has = [
    ...(html === undefined ? [] : ['html' as const]),
    ...(text === undefined ? [] : ['text' as const]),
  ];
  const shown = has.includes(part) ? part : has[0];
  return (
    <>
      <p class="breaks">
        <span class="small quiet">{t('templates.subject')}</span>
        <br />
        <strong>{subject || '–'}</strong>
      </p>
      {shown && (
        <Tabs
          label={t('templates.parts')}
          value={shown}
          onValue={setPart}
          options={has.map((value) => ({ value, text: value === 'html' ? 'HTML' : t('templates.text') }))}
        >
          {shown === 'html' && preview !== undefined ? (
            <MailFrame
              src={address(`templates/previews/${preview}`)}
              title={t('templates.preview')}
              gone={t('templates.gone')}
            />
          ) : (
            <pre class="text" tabIndex={0}>
              {text}
            </pre>
          )}
        </Tabs>
      )}
    </>
  );
}
