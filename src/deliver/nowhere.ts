// Why mail for a domain can go nowhere: causes with their status codes and sentences, all in one place. Pure.
import type { Cause, CauseClass } from '../model/outcome.ts';

const dns = (status: string, kind: CauseClass, detail: string): Cause => ({
  phase: 'dns',
  class: kind,
  status,
  detail,
});

export const nowhere = {
  noDomain: (domain: string) =>
    dns('5.1.2', 'bad-domain', `The domain ${domain} does not exist; check the address.`),
  // RFC 7505 §4.2: 556 5.1.10
  nullMx: (domain: string) =>
    dns('5.1.10', 'no-mail-domain', `The domain ${domain} takes no mail at all, as its null MX record says.`),
  noMailHost: (domain: string) =>
    dns(
      '5.1.2',
      'no-mail-domain',
      `The domain ${domain} has neither MX nor address records, so it takes no mail.`,
    ),
  noAddress: (domain: string) =>
    dns(
      '5.4.4',
      'bad-domain',
      `None of the mail hosts of ${domain} has an address; its owner must mend the DNS.`,
    ),
  dnsFailed: (name: string, code: string) =>
    dns(
      '4.4.3',
      'dns',
      `The DNS gave no answer about ${name} (${code}); it is asked again with the next attempt.`,
    ),
  loop: (domain: string) =>
    dns(
      '5.4.6',
      'routing',
      `The best mail host of ${domain} is this relay itself; set a route for the domain.`,
    ),
  special: (domain: string, address: string) =>
    dns(
      '5.4.4',
      'routing',
      `Mail for ${domain} would go to ${address}, which is not an address of the public Internet; ` +
        'if that is meant, set a route or delivery.allowPrivateAddresses.',
    ),
  smartHost: (host: string, code: string | undefined) =>
    dns(
      '4.4.3',
      code === undefined ? 'routing' : 'dns',
      `The smart host ${host} has no address in the DNS (${code ?? 'no such name'}); check the route in the configuration.`,
    ),
} as const;
