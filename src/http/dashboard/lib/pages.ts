// The list of pages: where each is, what the rail calls it, and which scope one needs to see it.
import type { ComponentType } from 'preact';
import type { Key } from './i18n.ts';
import type { IconName } from '../parts/icons.tsx';

export type PageEntry = Readonly<{
  /** Address: "/messages"; sub-pages such as "/messages/:id" are entries without a title. */
  path: string;
  /** Stands in the rail; absent: not there. */
  title?: Key;
  icon?: IconName;
  /** Scope that one needs; absent: everybody. */
  scope?: string;
  /** Fetched when it is first shown. */
  load(): Promise<ComponentType>;
}>;

export type PageGroup = Readonly<{ title?: Key; pages: readonly PageEntry[] }>;

/** All pages, in the order of the rail. */
export const groups: readonly PageGroup[] = [
  {
    pages: [
      {
        path: '/',
        title: 'nav.now',
        icon: 'now',
        scope: 'messages:read',
        load: () => import('../pages/now.tsx').then((page) => page.NowPage),
      },
      {
        path: '/messages',
        title: 'nav.messages',
        icon: 'messages',
        scope: 'messages:read',
        load: () => import('../pages/messages.tsx').then((page) => page.MessagesPage),
      },
      {
        path: '/messages/:id',
        scope: 'messages:read',
        load: () => import('../pages/message.tsx').then((page) => page.MessagePage),
      },
      {
        path: '/sandbox/:id?',
        title: 'nav.sandbox',
        icon: 'sandbox',
        scope: 'messages:read',
        load: () => import('../pages/sandbox.tsx').then((page) => page.SandboxPage),
      },
    ],
  },
  {
    title: 'nav.insight',
    pages: [
      {
        path: '/statistics',
        title: 'nav.statistics',
        icon: 'statistics',
        scope: 'statistics:read',
        load: () => import('../pages/statistics.tsx').then((page) => page.StatisticsPage),
      },
      {
        path: '/campaigns',
        title: 'nav.campaigns',
        icon: 'campaigns',
        scope: 'statistics:read',
        load: () => import('../pages/campaigns.tsx').then((page) => page.CampaignsPage),
      },
      {
        path: '/campaigns/:name',
        scope: 'statistics:read',
        load: () => import('../pages/campaign.tsx').then((page) => page.CampaignPage),
      },
    ],
  },
  {
    title: 'nav.setup',
    pages: [
      {
        path: '/domains',
        title: 'nav.domains',
        icon: 'domains',
        scope: 'domains:read',
        load: () => import('../pages/domains.tsx').then((page) => page.DomainsPage),
      },
      {
        path: '/domains/:name',
        scope: 'domains:read',
        load: () => import('../pages/domain.tsx').then((page) => page.DomainPage),
      },
      {
        path: '/users',
        title: 'nav.users',
        icon: 'users',
        scope: 'users:read',
        load: () => import('../pages/users.tsx').then((page) => page.UsersPage),
      },
      {
        path: '/users/:name',
        scope: 'users:read',
        load: () => import('../pages/user.tsx').then((page) => page.UserPage),
      },
      {
        path: '/guides/:name?',
        title: 'nav.guides',
        icon: 'guides',
        scope: 'messages:read',
        load: () => import('../pages/guides.tsx').then((page) => page.GuidesPage),
      },
    ],
  },
  {
    title: 'nav.sending',
    pages: [
      {
        path: '/transports',
        title: 'nav.transports',
        icon: 'transports',
        scope: 'transports:read',
        load: () => import('../pages/transports.tsx').then((page) => page.TransportsPage),
      },
      {
        path: '/transports/:name',
        scope: 'transports:read',
        load: () => import('../pages/transport.tsx').then((page) => page.TransportPage),
      },
    ],
  },
  { title: 'nav.house', pages: [] },
];

/** Where the rail's link to a page leads: its path without what stands for something. */
export const linkOf = ({ path }: PageEntry): string => path.replace(/\/:.*$/, '') || '/';
