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
      {
        path: '/webhooks',
        title: 'nav.webhooks',
        icon: 'webhooks',
        scope: 'webhooks:read',
        load: () => import('../pages/webhooks.tsx').then((page) => page.WebhooksPage),
      },
      {
        path: '/webhooks/:id',
        scope: 'webhooks:read',
        load: () => import('../pages/webhook.tsx').then((page) => page.WebhookPage),
      },
      {
        path: '/templates',
        title: 'nav.templates',
        icon: 'file',
        scope: 'templates:read',
        load: () => import('../pages/templates.tsx').then((page) => page.TemplatesPage),
      },
      {
        path: '/templates/:name',
        scope: 'templates:read',
        load: () => import('../pages/template.tsx').then((page) => page.TemplatePage),
      },
      {
        path: '/keys',
        title: 'nav.keys',
        icon: 'keys',
        scope: 'keys:read',
        load: () => import('../pages/keys.tsx').then((page) => page.KeysPage),
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
      {
        path: '/suppressions',
        title: 'nav.suppressions',
        icon: 'suppressions',
        scope: 'suppressions:read',
        load: () => import('../pages/suppressions.tsx').then((page) => page.SuppressionsPage),
      },
      {
        path: '/recipients/:address?',
        title: 'nav.recipients',
        icon: 'recipients',
        scope: 'recipients:read',
        load: () => import('../pages/recipients.tsx').then((page) => page.RecipientsPage),
      },
      {
        path: '/quarantine',
        title: 'nav.quarantine',
        icon: 'shield',
        scope: 'quarantine:write',
        load: () => import('../pages/quarantine.tsx').then((page) => page.QuarantinePage),
      },
    ],
  },
  {
    title: 'nav.house',
    pages: [
      {
        path: '/alerts',
        title: 'nav.alerts',
        icon: 'warning',
        scope: 'alerts:read',
        load: () => import('../pages/alerts.tsx').then((page) => page.AlertsPage),
      },
      {
        path: '/members',
        title: 'nav.members',
        icon: 'members',
        scope: 'members:read',
        load: () => import('../pages/members.tsx').then((page) => page.MembersPage),
      },
      {
        path: '/account',
        load: () => import('../pages/account.tsx').then((page) => page.AccountPage),
      },
      {
        path: '/settings',
        title: 'nav.settings',
        icon: 'settings',
        scope: 'settings:read',
        load: () => import('../pages/settings.tsx').then((page) => page.SettingsPage),
      },
    ],
  },
];

/** Where the rail's link to a page leads: its path without what stands for something. */
export const linkOf = ({ path }: PageEntry): string => path.replace(/\/:.*$/, '') || '/';
