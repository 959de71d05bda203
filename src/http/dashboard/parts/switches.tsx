// The switches for colours and language.
import { language, languages, speak, t, type Language } from '../lib/i18n.ts';
import { applyTheme, theme, type Theme } from '../lib/theme.ts';
import { Select } from './fields.tsx';
import { Icon, type IconName } from './icons.tsx';

const themes: readonly Theme[] = ['system', 'light', 'dark'];
const icons: Readonly<Record<Theme, IconName>> = { system: 'screen', light: 'sun', dark: 'moon' };

export function ThemeSwitch() {
  return (
    <div class="choice" role="group" aria-label={t('frame.theme')}>
      {themes.map((name) => (
        <button
          type="button"
          key={name}
          aria-pressed={theme.value === name}
          aria-label={t(`frame.theme.${name}`)}
          title={t(`frame.theme.${name}`)}
          onClick={() => applyTheme(name)}
        >
          <Icon name={icons[name]} />
        </button>
      ))}
    </div>
  );
}

const spoken: readonly Language[] = ['en', 'it'];

export function LanguageSwitch() {
  return (
    <Select
      size="small"
      label={t('frame.language')}
      options={spoken.map((value) => ({ value, text: languages[value] }))}
      value={language.value}
      onValue={(next) => void speak(next, 'keep')}
    />
  );
}
