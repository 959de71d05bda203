// Fields of forms: a label, a hint, what is wrong with it; choices and tabs that work by keyboard.
import {
  h,
  type ComponentChildren,
  type LooseInputHTMLAttributes,
  type TextareaHTMLAttributes,
} from 'preact';
import { useId, useRef } from 'preact/hooks';

type Common = Readonly<{ label: string; hint?: ComponentChildren; wrong?: string }>;
type Own<T> = Omit<T, 'label' | 'value' | 'onChange'>;

function Frame({
  id,
  label,
  hint,
  wrong,
  children,
}: Common & Readonly<{ id: string; children: ComponentChildren }>) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {wrong && (
        <p class="wrong" id={`${id}-wrong`} role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}

const describe = (id: string, { hint, wrong }: Common): string | undefined =>
  [hint ? `${id}-hint` : '', wrong ? `${id}-wrong` : ''].filter(Boolean).join(' ') || undefined;

export type TextProps = Common &
  Readonly<{ value: string; onValue(value: string): void }> &
  Own<LooseInputHTMLAttributes>;

export function TextField({ label, hint, wrong, value, onValue, type = 'text', ...rest }: TextProps) {
  const id = useId();
  const common = { label, hint, wrong };
  return (
    <Frame id={id} {...common}>
      {h<LooseInputHTMLAttributes>('input', {
        ...rest,
        type,
        class: 'input',
        id,
        value,
        'aria-invalid': wrong ? true : undefined,
        'aria-describedby': describe(id, common),
        onInput: (event) => onValue(event.currentTarget.value),
      })}
    </Frame>
  );
}

export type AreaProps = Common &
  Readonly<{ value: string; onValue(value: string): void }> &
  Own<TextareaHTMLAttributes<HTMLTextAreaElement>>;

export function AreaField({ label, hint, wrong, value, onValue, ...rest }: AreaProps) {
  const id = useId();
  const common = { label, hint, wrong };
  return (
    <Frame id={id} {...common}>
      <textarea
        class="input"
        id={id}
        value={value}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={describe(id, common)}
        onInput={(event) => onValue(event.currentTarget.value)}
        {...rest}
      />
    </Frame>
  );
}

export type Option<T extends string> = Readonly<{ value: T; text: string }>;

export function SelectField<T extends string>({
  options,
  value,
  onValue,
  ...common
}: Common &
  Readonly<{ options: readonly Option<T>[]; value: NoInfer<T>; onValue(value: NoInfer<T>): void }>) {
  const id = useId();
  return (
    <Frame id={id} {...common}>
      <Select id={id} options={options} value={value} onValue={onValue} />
    </Frame>
  );
}

/** A select without a label of its own; `label` says to screen readers what it chooses. */
export function Select<T extends string>({
  id,
  label,
  size = '',
  options,
  value,
  onValue,
}: Readonly<{
  id?: string;
  label?: string;
  size?: 'small' | '';
  options: readonly Option<T>[];
  value: NoInfer<T>;
  onValue(value: NoInfer<T>): void;
}>) {
  return (
    <select
      class={`input ${size}`}
      id={id}
      aria-label={label}
      value={value}
      onChange={(event) => {
        const chosen = options.find((option) => option.value === event.currentTarget.value);
        if (chosen) onValue(chosen.value);
      }}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ))}
    </select>
  );
}

export function Check({
  label,
  hint,
  checked,
  onValue,
}: Readonly<{ label: ComponentChildren; hint?: string; checked: boolean; onValue(checked: boolean): void }>) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onValue(event.currentTarget.checked)} />
      <span>
        {label}
        {hint && <span class="small quiet"> {hint}</span>}
      </span>
    </label>
  );
}

/** One of a few, side by side. */
export function Choice<T extends string>({
  label,
  options,
  value,
  onValue,
}: Readonly<{
  label: string;
  options: readonly Option<T>[];
  value: NoInfer<T>;
  onValue(value: NoInfer<T>): void;
}>) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          type="button"
          key={option.value}
          aria-pressed={option.value === value}
          onClick={() => onValue(option.value)}
        >
          {option.text}
        </button>
      ))}
    </div>
  );
}

/** Tabs: arrow keys move between them; the panel is the child. */
export function Tabs<T extends string>({
  label,
  options,
  value,
  onValue,
  children,
}: Readonly<{
  label: string;
  options: readonly Option<T>[];
  value: NoInfer<T>;
  onValue(value: NoInfer<T>): void;
  children: ComponentChildren;
}>) {
  const id = useId();
  const bar = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = options.findIndex((option) => option.value === value);
    const next = options[(at + step + options.length) % options.length];
    if (!next) return;
    onValue(next.value);
    bar.current?.querySelector<HTMLElement>(`[data-tab="${next.value}"]`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={bar} onKeyDown={move}>
        {options.map((option) => (
          <button
            type="button"
            role="tab"
            key={option.value}
            id={`${id}-${option.value}`}
            data-tab={option.value}
            aria-selected={option.value === value}
            aria-controls={`${id}-panel`}
            tabIndex={option.value === value ? 0 : -1}
            onClick={() => onValue(option.value)}
          >
            {option.text}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`} tabIndex={0} class="panel">
        {children}
      </div>
    </>
  );
}
