// Where links and mail addresses of ours lead to, as the front door and commands want to know it.
import type { Links } from '../accept/links.ts';
import { unsubscribeMailbox } from '../feedback/kinds/unsubscribe.ts';
import { isLoopbackName } from '../http/tracking-config.ts';
import type { OwnAddresses } from '../verbs/context.ts';
import type { Base } from './base.ts';

/** Addresses that mail to ourselves comes to, as commands show them. */
export function ownAddresses({
  config,
  returnPaths,
}: Pick<Base, 'config' | 'returnPaths'>): OwnAddresses | undefined {
  const { feedback, hostname } = config;
  if (!feedback) return undefined;
  const { domain, postmaster, complaintKeys } = feedback;
  const complaints = `${returnPaths.complaints(complaintKeys[0] ?? 0)}@${domain}`;
  return { domain, hostname, complaints, unsubscribe: unsubscribeMailbox(domain), postmaster };
}

/**
 * The links of messages that are taken now. An address of this very host is of no use to recipients, only for trying things
 * out: as long as nothing leaves, since all transports are sandboxes.
 */
export function linksOf({ config, settingsNow }: Pick<Base, 'config' | 'settingsNow'>): Links {
  const { url } = config.tracking;
  const { protocol, hostname } = new URL(url);
  const isLocal = isLoopbackName(hostname);
  return {
    get base() {
      const leaves = [...settingsNow().transports.values()].some(({ kind }) => kind !== 'sandbox');
      return isLocal && leaves ? undefined : url;
    },
    secureHosts: protocol === 'https:',
    ...(isLocal ? { ignoreHosts: true } : {}),
    ...(config.feedback ? { unsubscribeMailbox: unsubscribeMailbox(config.feedback.domain) } : {}),
  };
}
