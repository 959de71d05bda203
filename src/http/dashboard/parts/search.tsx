// The search that is on every page: "/" brings you there, Enter shows the messages that fit.
import { useLocation } from 'preact-iso/router';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../lib/i18n.ts';
import { Icon } from './icons.tsx';

export function Search() {
  const field = useRef<HTMLInputElement>(null);
  const { path, query, route } = useLocation();
  const asked = path === '/messages' ? (query['q'] ?? '') : '';
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked, path]);

  useEffect(() => {
    const jump = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select');
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || typing) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    addEventListener('keydown', jump);
    return () => removeEventListener('keydown', jump);
  }, []);

  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = text.trim();
        route(wanted === '' ? '/messages' : `/messages?q=${encodeURIComponent(wanted)}`);
      }}
    >
      <Icon name="search" />
      <input
        class="input"
        type="search"
        ref={field}
        value={text}
        aria-label={t('frame.searchLabel')}
        placeholder={t('frame.search')}
        autocomplete="off"
        spellcheck={false}
        enterkeyhint="search"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}
