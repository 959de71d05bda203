// The small parts of every page: buttons, states, notices, cards, empty places, waiting, what went wrong.
import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import type { Problem } from '../lib/api.ts';
import { t } from '../lib/i18n.ts';
import { sayProblem } from '../lib/problems.ts';
import { exactly, moment, relative } from '../lib/format.ts';
import { Icon, type IconName } from './icons.tsx';

type Children = Readonly<{ children?: ComponentChildren }>;

export type ButtonProps = Readonly<{
  kind?: 'primary' | 'plain' | 'danger' | 'danger primary' | 'plain menu';
  size?: 'small';
  icon?: IconName;
  /** Says it where there is only an icon. */
  label?: string;
}> &
  Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'size' | 'icon' | 'label'> &
  Children;

export function Button({ kind, size, icon, label, children, ...rest }: ButtonProps) {
  const square = children === undefined ? 'square' : '';
  return (
    <button
      type="button"
      class={`button ${kind ?? ''} ${size ?? ''} ${square}`}
      aria-label={label}
      title={square === '' ? undefined : label}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export type LinkButtonProps = Readonly<{
  kind?: 'primary' | 'plain' | 'danger';
  size?: 'small';
  icon?: IconName;
  href: string;
  /** Name of the file that it downloads. */
  download?: string;
}> &
  Children;

/** Looks like a button and goes somewhere. */
export function LinkButton({ kind, size, icon, children, ...rest }: LinkButtonProps) {
  return (
    <a class={`button ${kind ?? ''} ${size ?? ''}`} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

export type Tone = 'ok' | 'wait' | 'warn' | 'bad' | 'still';

/** A state: icon, word and colour, so that no one of them must be understood. */
export function Status({ tone, icon, children }: Readonly<{ tone: Tone; icon: IconName }> & Children) {
  return (
    <span class={`status ${tone}`}>
      <Icon name={icon} />
      {children}
    </span>
  );
}

const noticeIcons: Readonly<Record<Tone, IconName>> = {
  ok: 'check-circle',
  wait: 'info',
  still: 'info',
  warn: 'warning',
  bad: 'warning',
};

export function Notice({ tone = 'still', children }: Readonly<{ tone?: Tone }> & Children) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon name={noticeIcons[tone]} />
      <div>{children}</div>
    </div>
  );
}

export type PageHeadProps = Readonly<{
  title: ComponentChildren;
  /** One sentence: what the page is for. */
  lead?: ComponentChildren;
  /** Where "back" leads, and what that is called. */
  back?: Readonly<{ href: string; text: string }>;
  /** Buttons. */
  children?: ComponentChildren;
}>;

export function PageHead({ title, lead, back, children }: PageHeadProps) {
  return (
    <header class="page-head">
      <div>
        {back && (
          <a class="back" href={back.href}>
            <Icon name="back" />
            {back.text}
          </a>
        )}
        <h1 tabIndex={-1}>{title}</h1>
        {lead && <p>{lead}</p>}
      </div>
      {children && <div class="buttons">{children}</div>}
    </header>
  );
}

export type CardProps = Readonly<{
  title?: ComponentChildren;
  note?: ComponentChildren;
  actions?: ComponentChildren;
  /** "bare": the content goes to the edges, as tables do. */
  inside?: 'bare';
}> &
  Children;

export function Card({ title, note, actions, inside, children }: CardProps) {
  return (
    <section class="card">
      {(title !== undefined || actions !== undefined) && (
        <header>
          <div>
            <h2>{title}</h2>
            {note && <p>{note}</p>}
          </div>
          {actions && <div class="buttons">{actions}</div>}
        </header>
      )}
      {inside === 'bare' ? children : <div class="inside">{children}</div>}
    </section>
  );
}

/** A place with nothing in it yet: says what would be here, and what to do next. */
export function Empty({
  icon,
  title,
  text,
  children,
}: Readonly<{ icon: IconName; title: string; text?: ComponentChildren }> & Children) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {children}
    </div>
  );
}

export function Skeleton({ lines = 5 }: Readonly<{ lines?: number }>) {
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">{t('common.loading')}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}

export function ProblemNote({ problem, again }: Readonly<{ problem: Problem; again?: () => void }>) {
  return (
    <Notice tone="bad">
      <div class="row">
        <span>{sayProblem(problem)}</span>
        {again && (
          <Button size="small" icon="again" onClick={again}>
            {t('common.again')}
          </Button>
        )}
      </div>
    </Notice>
  );
}

/** What a page shows for something it asked for: waiting, what went wrong, or the value. */
export function Shown<T>({
  of: { value, problem, again },
  lines,
  children,
}: Readonly<{
  of: Readonly<{ value: T | undefined; problem: Problem | undefined; again(): void }>;
  lines?: number;
  children: (value: T) => ComponentChildren;
}>) {
  return (
    <>
      {problem && <ProblemNote problem={problem} again={again} />}
      {value === undefined ? !problem && <Skeleton {...(lines ? { lines } : {})} /> : children(value)}
    </>
  );
}

/** A moment; the whole of it on hover. `as` "relative": "5 min ago". */
export function Time({ at, as = 'moment' }: Readonly<{ at: number; as?: 'moment' | 'relative' | 'exact' }>) {
  const say = { moment, relative, exact: exactly }[as];
  return (
    <time dateTime={new Date(at).toISOString()} title={exactly(at)} class="nowrap">
      {say(at)}
    </time>
  );
}
