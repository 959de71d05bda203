// The title of the browser's tab, as the page wants it.
import { useEffect } from 'preact/hooks';

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Postino' : `${title} – Postino`;
  }, [title]);
}
