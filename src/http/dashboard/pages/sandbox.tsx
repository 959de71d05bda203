// The sandbox's inbox: mail that was caught instead of sent, listed on the left and read on the right.
import { useLocation, useRoute } from 'preact-iso/router';
import { useEffect, useRef, useState } from 'preact/hooks';
import { remove } from '../lib/api.ts';
import { useAsk, type Page } from '../lib/ask.ts';
import { size } from '../lib/format.ts';
import { tryCommand, useGuide } from '../lib/guide.ts';
import { plural, t } from '../lib/i18n.ts';
import { sayProblem } from '../lib/problems.ts';
import { may } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { tell, tellProblem, undoable } from '../lib/toasts.ts';
import { Button, Empty, LinkButton, PageHead, Shown, Time } from '../parts/basic.tsx';
import { Snippet } from '../parts/copy.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { BASE, type CaughtEntry } from './sandbox/data.ts';
import { Reading } from './sandbox/reading.tsx';

const EVERY_MS = 4000;
const PAGE = 50;

export function SandboxPage() {
  const open = useRoute().params['id'] ?? '';
  const { route } = useLocation();
  const [limit, setLimit] = useState(PAGE);
  const { value, problem, again } = useAsk<Page<CaughtEntry>>(BASE, { limit }, EVERY_MS);
  const list = useLast(value);
  const { shown, drop } = useDropping(list, again);
  useTitle(t('nav.sandbox'));
  const more = list?.next === undefined ? undefined : () => setLimit(limit + PAGE);
  const cleared = (): void => {
    route('/sandbox');
    again();
  };
  return (
    <>
      <PageHead title={t('nav.sandbox')} lead={t('sandbox.lead')}>
        {shown?.length !== 0 && may('messages:send') && <Clear done={cleared} />}
      </PageHead>
      <Shown of={{ value: shown, problem, again }} lines={8}>
        {(entries) =>
          entries.length === 0 ? (
            <Nothing />
          ) : (
            <div class={`inbox card ${open === '' ? '' : 'is-reading'}`}>
              <Letters entries={entries} open={open} more={more} />
              <Pane open={open} drop={drop} />
            </div>
          )
        }
      </Shown>
    </>
  );
}

function Pane({ open, drop }: Readonly<{ open: string; drop(id: string): void }>) {
  return (
    <article class="reading" aria-label={t('sandbox.message')}>
      {open === '' ? (
        <Empty icon="messages" title={t('sandbox.choose')} />
      ) : (
        <Reading key={open} id={open} drop={() => drop(open)} />
      )}
    </article>
  );
}

/** Deleting one message: gone from the list at once, from the server when nobody has taken it back. */
function useDropping(list: Page<CaughtEntry> | undefined, again: () => void) {
  const { route } = useLocation();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const shown = list?.items.filter(({ id }) => !hidden.has(id));
  const drop = (id: string): void => {
    const at = shown?.findIndex((entry) => entry.id === id) ?? -1;
    const rest = shown?.filter((entry) => entry.id !== id) ?? [];
    const next = rest[Math.min(at, rest.length - 1)];
    undoable(t('sandbox.deleted'), {
      hide: () => {
        setHidden((last) => new Set([...last, id]));
        route(next ? `/sandbox/${next.id}` : '/sandbox', true);
      },
      restore: () => setHidden((last) => new Set([...last].filter((one) => one !== id))),
      commit: () => void remove(`${BASE}/${id}`).then(again),
    });
  };
  return { shown, drop };
}

function Clear({ done }: Readonly<{ done(): void }>) {
  const [asks, setAsks] = useState(false);
  const clear = async (): Promise<void> => {
    const answer = await remove(BASE);
    if (answer.ok) tell(t('sandbox.cleared'));
    else tellProblem(sayProblem(answer.problem));
    done();
  };
  return (
    <>
      <Button icon="trash" kind="danger" onClick={() => setAsks(true)}>
        {t('sandbox.clear')}
      </Button>
      <Confirm
        open={asks}
        onClose={() => setAsks(false)}
        title={t('sandbox.clearTitle')}
        text={t('sandbox.clearText')}
        action={t('sandbox.clear')}
        onConfirm={clear}
      />
    </>
  );
}

type LettersProps = Readonly<{
  entries: readonly CaughtEntry[];
  open: string;
  more: (() => void) | undefined;
}>;

function Letters({ entries, open, more }: LettersProps) {
  return (
    <div class="letters">
      <News entries={entries} />
      <ul aria-label={t('sandbox.list')}>
        {entries.map((entry) => (
          <Row key={entry.id} entry={entry} open={entry.id === open} />
        ))}
      </ul>
      {more && (
        <div class="more">
          <Button size="small" onClick={more}>
            {t('common.more')}
          </Button>
        </div>
      )}
    </div>
  );
}

/** The last value there was: while more is asked for, the list stays. */
function useLast<T>(value: T | undefined): T | undefined {
  const last = useRef(value);
  if (value !== undefined) last.current = value;
  return last.current;
}

function Row({ entry, open }: Readonly<{ entry: CaughtEntry; open: boolean }>) {
  return (
    <li>
      <a href={`/sandbox/${entry.id}`} aria-current={open ? 'true' : undefined}>
        <span class="line">
          <strong class="cut">{entry.to}</strong>
          <Time at={entry.at} />
        </span>
        <span class="cut subject">{entry.subject || t('messages.noSubject')}</span>
        <span class="line quiet">
          <span class="cut">{t('sandbox.of', { user: entry.user })}</span>
          <span class="nowrap">{size(entry.size)}</span>
        </span>
      </a>
    </li>
  );
}

/** Tells a screen reader of messages that have come in since the last look. */
function News({ entries }: Readonly<{ entries: readonly CaughtEntry[] }>) {
  const seen = useRef<ReadonlySet<string> | undefined>(undefined);
  const [text, setText] = useState('');
  useEffect(() => {
    const before = seen.current;
    seen.current = new Set([...(before ?? []), ...entries.map(({ id }) => id)]);
    const news = before ? entries.filter(({ id }) => !before.has(id)).length : 0;
    if (news > 0) setText(plural('sandbox.news', news));
  }, [entries]);
  return (
    <p class="visually-hidden" aria-live="polite">
      {text}
    </p>
  );
}

function Nothing() {
  const guide = useGuide();
  const command = guide && tryCommand(guide);
  return (
    <div class="card">
      <Empty
        icon="sandbox"
        title={t('sandbox.none')}
        text={guide?.sandboxed === false ? t('sandbox.noneSome') : t('sandbox.noneAll')}
      >
        {command && <Snippet label={t('sandbox.try')} text={command} />}
        <div class="buttons">
          <LinkButton href="/guides" icon="guides">
            {t('sandbox.guides')}
          </LinkButton>
        </div>
      </Empty>
    </div>
  );
}
