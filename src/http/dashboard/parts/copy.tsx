// Things to copy: a value, or some lines of code with what they are.
import { useState } from 'preact/hooks';
import { t } from '../lib/i18n.ts';
import { after } from '../lib/time.ts';
import { Button } from './basic.tsx';

const SHOWN_MS = 2000;

export function CopyButton({ text, what }: Readonly<{ text: string; what: string }>) {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text).catch(() => copyByHand(text));
    setDone(true);
    after(SHOWN_MS, () => setDone(false));
  };
  return (
    <Button
      kind="plain"
      size="small"
      icon={done ? 'check' : 'copy'}
      label={done ? t('common.copied') : t('common.copy', { what })}
      onClick={() => void copy()}
    />
  );
}

/** A value that people carry elsewhere: a host, a record. */
export function Copyable({ text, what }: Readonly<{ text: string; what: string }>) {
  return (
    <span class="copyable">
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </span>
  );
}

export function Snippet({ label, text }: Readonly<{ label: string; text: string }>) {
  return (
    <figure class="snippet">
      <figcaption>
        {label}
        <CopyButton text={text} what={label} />
      </figcaption>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}

/** Where the page is not served over TLS the browser gives no clipboard. */
function copyByHand(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
