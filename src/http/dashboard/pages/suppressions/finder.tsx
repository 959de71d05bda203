// A field that looks one address up: what it says stands in the page's own address.
import { useLocation } from 'preact-iso/router';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../../lib/i18n.ts';
import { Button } from '../../parts/basic.tsx';
import { Icon } from '../../parts/icons.tsx';

type Props = Readonly<{ path: string; value: string; label: string }>;

export function Finder({ path, value, label }: Props) {
  const { route } = useLocation();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const go = (address: string): void =>
    route(address === '' ? path : `${path}?address=${encodeURIComponent(address)}`);
  return (
    <form
      class="row finder"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        go(text.trim());
      }}
    >
      <div class="search">
        <Icon name="search" />
        <input
          class="input"
          type="search"
          aria-label={label}
          placeholder={label}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      {value !== '' && (
        <Button icon="close" onClick={() => go('')}>
          {t('suppressions.showAll')}
        </Button>
      )}
    </form>
  );
}
