// Light or dark: as the system says, or as the viewer chose.
import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const KEPT = 'postino.theme';

export const theme = signal<Theme>(kept());

function kept(): Theme {
  const value = localStorage.getItem(KEPT);
  return value === 'light' || value === 'dark' ? value : 'system';
}

/** The style sheet follows this attribute alone. */
export function applyTheme(next: Theme): void {
  theme.value = next;
  if (next === 'system') {
    localStorage.removeItem(KEPT);
    delete document.documentElement.dataset['theme'];
  } else {
    localStorage.setItem(KEPT, next);
    document.documentElement.dataset['theme'] = next;
  }
}
