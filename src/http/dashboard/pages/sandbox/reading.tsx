// One caught message: its head, attachments, and its HTML, text, links, header and source.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAsk } from '../../lib/ask.ts';
import { size } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { may } from '../../lib/session.ts';
import { Button, LinkButton, Notice, ProblemNote, Skeleton, Time } from '../../parts/basic.tsx';
import { Tabs } from '../../parts/fields.tsx';
import { Icon } from '../../parts/icons.tsx';
import { MailFrame } from '../../parts/mail-frame.tsx';
import { BASE, type Caught, type CaughtView } from './data.ts';
import { Links, Source } from './panels.tsx';

type Tab = 'html' | 'text' | 'links' | 'headers' | 'source';

export function Reading({ id, drop }: Readonly<{ id: string; drop(): void }>) {
  const { value, problem, again } = useAsk<Caught>(`${BASE}/${encodeURIComponent(id)}`);
  return (
    <>
      <a class="back" href="/sandbox">
        <Icon name="back" /> {t('sandbox.back')}
      </a>
      {problem && <ProblemNote problem={problem} again={again} />}
      {!value && !problem && <Skeleton lines={8} />}
      {value && <Letter message={value} drop={drop} />}
    </>
  );
}

function Letter({ message, drop }: Readonly<{ message: Caught; drop(): void }>) {
  const { id, view } = message;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [id]);
  const facts = [
    [t('message.from'), view?.from || message.from],
    [t('message.to'), view?.to || message.to],
    ['Cc', view?.cc],
    [t('sandbox.envelope'), `${message.from || '<>'} → ${message.to}`],
    [t('message.user'), message.user],
  ] as const;
  return (
    <>
      <header class="letter-head">
        <h2 tabIndex={-1} ref={heading} class="breaks">
          {message.subject || t('messages.noSubject')}
        </h2>
        <dl class="pairs">
          {facts
            .filter(([, value]) => value)
            .map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} value`}>{value}</dd>])}
          <dt>{t('sandbox.caught')}</dt>
          <dd>
            <Time at={message.at} as="exact" />
          </dd>
        </dl>
        <div class="buttons">
          <LinkButton size="small" icon="download" href={`${BASE}/${id}/raw`} download={`${id}.eml`}>
            {t('sandbox.download')} ({size(message.size)})
          </LinkButton>
          <LinkButton size="small" icon="messages" href={`/messages/${id}`}>
            {t('sandbox.story')}
          </LinkButton>
          {may('messages:send') && (
            <Button size="small" kind="danger" icon="trash" onClick={drop}>
              {t('common.delete')}
            </Button>
          )}
        </div>
      </header>
      {message.problem && <Notice tone="bad">{message.problem}</Notice>}
      {view && view.attachments.length > 0 && <Attachments id={id} view={view} />}
      <Views message={message} />
    </>
  );
}

function Attachments({ id, view }: Readonly<{ id: string; view: CaughtView }>) {
  return (
    <ul class="attachments" aria-label={t('sandbox.attachments')}>
      {view.attachments.map(({ name, type, size: bytes }, at) => (
        <li key={at}>
          <a href={`${BASE}/${id}/attachments/${at}`} download={name}>
            <Icon name="file" />
            <span class="breaks">{name}</span>
          </a>
          <span class="small quiet">
            {type}, {size(bytes)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Views({ message }: Readonly<{ message: Caught }>) {
  const { id, view } = message;
  const kinds: readonly Tab[] = [
    ...(view?.html ? (['html'] as const) : []),
    ...(view ? (['text', 'links', 'headers'] as const) : []),
    'source',
  ];
  const first = view && !view.html && view.text === undefined ? 'source' : (kinds[0] ?? 'source');
  const [tab, setTab] = useState<Tab>(first);
  return (
    <Tabs
      label={t('message.tabs')}
      options={kinds.map((value) => ({ value, text: t(`sandbox.tab.${value}`) }))}
      value={tab}
      onValue={(next) => setTab(next)}
    >
      {tab === 'source' || !view ? <Source id={id} /> : <Panel id={id} view={view} tab={tab} />}
    </Tabs>
  );
}

function Panel({ id, view, tab }: Readonly<{ id: string; view: CaughtView; tab: Exclude<Tab, 'source'> }>) {
  switch (tab) {
    case 'html':
      return (
        <div class="stack">
          {view.remote && <Notice>{t('sandbox.remote')}</Notice>}
          <MailFrame src={`${BASE}/${id}/html`} title={t('sandbox.frame')} gone={t('sandbox.unreadable')} />
        </div>
      );
    case 'text':
      return <Text view={view} />;
    case 'links':
      return <Links links={view.links} />;
    case 'headers':
      return <Headers view={view} />;
  }
}

function Text({ view }: Readonly<{ view: CaughtView }>) {
  if (view.text === undefined) return <p class="quiet">{t('sandbox.noText')}</p>;
  return (
    <>
      {view.cut && <Notice>{t('sandbox.cut')}</Notice>}
      <pre class="text" tabIndex={0}>
        {view.text}
      </pre>
    </>
  );
}

function Headers({ view }: Readonly<{ view: CaughtView }>) {
  return (
    <table class="table fields" aria-label={t('sandbox.tab.headers')}>
      <tbody>
        {view.headers.map(({ name, value }, at) => (
          <tr key={at}>
            <th scope="row">{name}</th>
            <td class="breaks">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
