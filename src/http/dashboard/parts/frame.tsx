// The frame around every page: the rail with all pages, the search, who is logged in; on a phone the rail is a drawer.
import type { ComponentChildren } from 'preact';
import { useLocation } from 'preact-iso/router';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../lib/i18n.ts';
import { groups, linkOf, type PageEntry } from '../lib/pages.ts';
import { logOut, may, session } from '../lib/session.ts';
import { Button } from './basic.tsx';
import { Icon, Mark } from './icons.tsx';
import { Search } from './search.tsx';
import { LanguageSwitch, ThemeSwitch } from './switches.tsx';

export function Frame({ children }: Readonly<{ children: ComponentChildren }>) {
  const drawer = useRef<HTMLDialogElement>(null);
  const { url } = useLocation();
  useEffect(() => drawer.current?.close(), [url]);
  return (
    <div class="frame">
      <a class="skip" href="#content">
        {t('frame.skip')}
      </a>
      <aside class="rail beside">
        <Rail />
      </aside>
      <header class="bar">
        <a class="brand" href="/">
          <Mark /> Postino
        </a>
        <Search />
        <span />
        <Button
          kind="plain menu"
          icon="menu"
          label={t('frame.menu')}
          onClick={() => drawer.current?.showModal()}
        />
      </header>
      <main class="page" id="content" tabIndex={-1}>
        {children}
      </main>
      <dialog class="drawer" ref={drawer} aria-label={t('frame.menu')} onClick={closeOutside}>
        <div class="rail">
          <Rail />
        </div>
      </dialog>
    </div>
  );
}

function closeOutside(event: MouseEvent): void {
  if (event.target instanceof HTMLDialogElement) event.target.close();
}

function Rail() {
  return (
    <>
      <a class="brand" href="/">
        <Mark /> Postino
      </a>
      <nav aria-label={t('frame.pages')}>
        {groups.map(({ title, pages }) => {
          const shown = pages.filter((page) => page.title && (page.scope === undefined || may(page.scope)));
          if (shown.length === 0) return null;
          return (
            <div key={title ?? ''}>
              {title && <h2>{t(title)}</h2>}
              <ul>
                {shown.map((page) => (
                  <RailLink key={page.path} page={page} />
                ))}
              </ul>
            </div>
          );
        })}
      </nav>
      <Who />
    </>
  );
}

function RailLink({ page }: Readonly<{ page: PageEntry }>) {
  const { path } = useLocation();
  const to = linkOf(page);
  const here = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
  return (
    <li>
      <a href={to} aria-current={here ? 'page' : undefined}>
        {page.icon && <Icon name={page.icon} />}
        {page.title && t(page.title)}
      </a>
    </li>
  );
}

function Who() {
  const now = session.value;
  if (typeof now !== 'object') return null;
  return (
    <div class="who">
      <div class="switches">
        <a href="/account" title={t('account.title')}>
          <strong>{now.name}</strong>
          <br />
          <span class="quiet">{t(`role.${now.role}`)}</span>
        </a>
        <Button
          kind="plain"
          size="small"
          icon="leave"
          label={t('frame.logout')}
          onClick={() => void logOut()}
        />
      </div>
      <div class="switches">
        <ThemeSwitch />
        <LanguageSwitch />
      </div>
    </div>
  );
}
