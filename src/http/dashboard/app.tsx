// The whole dashboard: the log-in, or the frame with the page that the address names.
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router';
import { useEffect, useErrorBoundary } from 'preact/hooks';
import { t } from './lib/i18n.ts';
import { groups } from './lib/pages.ts';
import { may, session } from './lib/session.ts';
import { Button, Empty, LinkButton, Skeleton } from './parts/basic.tsx';
import { Frame } from './parts/frame.tsx';
import { LogIn } from './parts/log-in.tsx';
import { Toasts } from './parts/toasts.tsx';

const routes = groups
  .flatMap(({ pages }) => pages)
  .map(({ path, scope, load }) => ({ path, scope, component: lazy(load) }));

/** Addresses of the server that are no pages of ours. */
const OURS = /^\/(?!api\/|page\/|metrics|healthz|readyz)/;

export function App() {
  const now = session.value;
  if (now === 'asking') return <Waiting />;
  if (now === 'unreachable') return <Unreachable />;
  if (now === 'none') return <LogIn />;
  return (
    <LocationProvider scope={OURS}>
      <ErrorBoundary>
        <Frame>
          <Safe>
            <Router onRouteChange={arrive}>
              {routes
                .filter(({ scope }) => scope === undefined || may(scope))
                .map(({ path, component }) => (
                  <Route key={path} path={path} component={component} />
                ))}
              <Route default component={Lost} />
            </Router>
          </Safe>
        </Frame>
      </ErrorBoundary>
      <Toasts />
    </LocationProvider>
  );
}

/** A new page begins at its top, and a screen reader at its heading. */
function arrive(): void {
  scrollTo(0, 0);
  document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
}

/** A page that breaks does not take the frame with it. */
function Safe({ children }: Readonly<{ children: preact.ComponentChildren }>) {
  const [error, reset] = useErrorBoundary();
  const { url } = useLocation();
  useEffect(() => reset(), [url]);
  if (error === undefined) return <>{children}</>;
  return (
    <Empty icon="warning" title={t('frame.broken')} text={t('frame.brokenText')}>
      <div class="buttons">
        <Button kind="primary" icon="again" onClick={() => location.reload()}>
          {t('frame.reload')}
        </Button>
      </div>
    </Empty>
  );
}

function Lost() {
  return (
    <Empty icon="search" title={t('frame.lost')} text={t('frame.lostText')}>
      <div class="buttons">
        <LinkButton kind="primary" href="/">
          {t('frame.toStart')}
        </LinkButton>
      </div>
    </Empty>
  );
}

function Waiting() {
  return (
    <main class="log-in">
      <Skeleton lines={2} />
    </main>
  );
}

function Unreachable() {
  return (
    <main class="log-in">
      <Empty icon="warning" title={t('common.unreachable')}>
        <div class="buttons">
          <Button kind="primary" icon="again" onClick={() => location.reload()}>
            {t('common.again')}
          </Button>
        </div>
      </Empty>
    </main>
  );
}
