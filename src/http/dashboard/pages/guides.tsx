// Set-up guides: how each product or language sends by this relay, with the real host, port and user filled in.
import { useLocation, useRoute } from 'preact-iso/router';
import { useAsk, type Page } from '../lib/ask.ts';
import type { GuideData } from '../lib/guide.ts';
import { t } from '../lib/i18n.ts';
import { may, session } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Card, Empty, LinkButton, Notice, PageHead, Shown } from '../parts/basic.tsx';
import { SelectField } from '../parts/fields.tsx';
import { Icon } from '../parts/icons.tsx';
import { compiled } from './guides/code-compiled.ts';
import { scripts } from './guides/code.ts';
import type { Filled, Guide } from './guides/guide.ts';
import { office } from './guides/office.ts';
import { say } from './guides/say.ts';
import { shops } from './guides/shops.ts';
import { sites } from './guides/sites.ts';
import { Steps } from './guides/steps.tsx';

const all: readonly Guide[] = [...sites, ...shops, ...office, ...scripts, ...compiled];
const kinds = ['shop', 'office', 'code'] as const;

export function GuidesPage() {
  const now = session.value;
  const own = typeof now === 'object' ? now.user : undefined;
  const { query } = useLocation();
  const users = useAsk<Page<Readonly<{ name: string; disabled: boolean }>>>(
    own === undefined ? 'users' : undefined,
    { limit: 200 },
  );
  const names = own === undefined ? (users.value?.items.map(({ name }) => name) ?? []) : [own];
  const user = names.find((name) => name === query['user']) ?? names[0];
  const guide = guideOf(useRoute().params['name']);
  const title = guide ? say(guide.name) : t('nav.guides');
  useTitle(title);
  return (
    <>
      <PageHead
        title={title}
        lead={guide ? undefined : t('guides.lead')}
        {...(guide && { back: { href: `/guides${searchOf(query)}`, text: t('guides.all') } })}
      />
      {user !== undefined ? (
        <OfUser key={user} user={user} names={names} />
      ) : (
        <Shown of={{ ...users, value: own === undefined ? users.value : { items: [] } }}>
          {() => <NoUser />}
        </Shown>
      )}
    </>
  );
}

function NoUser() {
  return (
    <Card>
      <Empty icon="users" title={t('users.none')} text={t('users.noneText')}>
        {may('users:write') && (
          <div class="buttons">
            <LinkButton kind="primary" icon="plus" href="/users?add=1">
              {t('users.add')}
            </LinkButton>
          </div>
        )}
      </Empty>
    </Card>
  );
}

type OfUserProps = Readonly<{ user: string; names: readonly string[] }>;

function OfUser({ user, names }: OfUserProps) {
  const asked = useAsk<GuideData>(`users/${encodeURIComponent(user)}/guide-data`);
  return <Shown of={asked}>{(data) => <Chosen data={data} names={names} />}</Shown>;
}

function Chosen({ data, names }: Readonly<{ data: GuideData; names: readonly string[] }>) {
  const { query } = useLocation();
  const guide = guideOf(useRoute().params['name']);
  const at = filledOf(data, query['port']);
  return (
    <>
      <With data={data} at={at} names={names} />
      {guide ? (
        <Card>
          <Steps guide={guide} at={at} />
        </Card>
      ) : (
        <Picks search={`?user=${encodeURIComponent(data.user)}&port=${at.port}`} />
      )}
    </>
  );
}

const guideOf = (id: string | undefined): Guide | undefined => all.find((one) => one.id === id);

/** The user and the port that were chosen, kept from page to page. */
function searchOf({ user, port }: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams({ ...(user && { user }), ...(port && { port }) }).toString();
  return search === '' ? '' : `?${search}`;
}

/** With which user and by which port. */
function With({ data, at, names }: Readonly<{ data: GuideData; at: Filled; names: readonly string[] }>) {
  const { path, route } = useLocation();
  const go = (user: string, port: string): void =>
    route(`${path}?user=${encodeURIComponent(user)}&port=${port}`, true);
  const ports = data.ports.map(({ port, tls }) => ({
    value: String(port),
    text: t(`guides.port.${tls}`, { port }),
  }));
  return (
    <Card>
      <div class="row">
        <SelectField
          label={t('guides.user')}
          options={names.map((value) => ({ value, text: value }))}
          value={data.user}
          onValue={(user) => go(user, String(at.port))}
        />
        <SelectField
          label={t('guides.port')}
          options={ports}
          value={String(at.port)}
          onValue={(port) => go(data.user, port)}
        />
      </div>
      <div class="stack notes">
        {!data.hasPassword && (
          <Notice>{t('guides.noPassword', { networks: data.networks.join(', ') || '–' })}</Notice>
        )}
        {at.tls === 'none' && <Notice tone="warn">{t('guides.noTls')}</Notice>}
        {data.sandboxed && <Notice tone="wait">{t('guides.sandboxed')}</Notice>}
      </div>
    </Card>
  );
}

function Picks({ search }: Readonly<{ search: string }>) {
  return (
    <Card>
      <nav class="stack" aria-label={t('nav.guides')}>
        {kinds.map((kind) => (
          <div class="stack tight-stack" key={kind}>
            <h2>{t(`guides.kind.${kind}`)}</h2>
            <div class="picks">
              {all
                .filter((guide) => guide.kind === kind)
                .map((guide) => (
                  <a key={guide.id} href={`/guides/${guide.id}${search}`}>
                    <Icon name={guide.icon} />
                    {say(guide.name)}
                  </a>
                ))}
            </div>
          </div>
        ))}
      </nav>
    </Card>
  );
}

/** The port that was chosen, else the best one. */
function filledOf(data: GuideData, wanted: string | undefined): Filled {
  const { host, user, from, hasPassword } = data;
  const best = data.ports.find(({ port }) => String(port) === wanted) ?? data.ports[0];
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const { port, tls } = best ?? { port: 587, tls: 'starttls' as const };
  return { host, port, tls, user, from, domain, hasPassword, password: t('guides.password') };
}
