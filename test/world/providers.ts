// Mail providers as the simulated internet has them: their hosts' names, and the replies that they are known for.
import type { Behaviour, Facts } from './host.ts';

const MINUTE_MS = 60_000;

/** How many messages of this peer were taken within the last `ms`. */
const lately = ({ times, now }: Facts, ms: number): number => {
  let count = 0;
  for (let i = times.length - 1; i >= 0 && now - (times[i] ?? 0) < ms; i--) count++;
  return count;
};

/** Google: so many a minute from one address, then 421 4.7.28. */
export function gmail(perMinute: number): Behaviour {
  return {
    mail: (facts) =>
      lately(facts, MINUTE_MS) >= perMinute
        ? `421 4.7.28 [${facts.peer}] Our system has detected an unusual rate of unsolicited mail originating from your IP address. To protect our users from spam, mail sent from your IP address has been temporarily rate limited.`
        : undefined,
  };
}

/** Yahoo while it dislikes us: TSS04 for everything. */
export const yahooStorm: Behaviour = {
  mail: ({ peer }) =>
    `421 4.7.0 [TSS04] Messages from ${peer} temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes`,
};

/** Outlook with some of our addresses on its block list. */
export function outlook(blocked: ReadonlySet<string>): Behaviour {
  return {
    mail: ({ peer }) =>
      blocked.has(peer)
        ? `550 5.7.1 Unfortunately, messages from [${peer}] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).`
        : undefined,
  };
}

/** Libero: more connections of one address than it likes get 421 before anything else. */
export function libero(connections: number): Behaviour {
  return {
    greeting: ({ open, peer }) =>
      open > connections
        ? `421 smtp-19.iol.local smtp-19.iol.local ${peer} Too many connections, slow down`
        : undefined,
  };
}

/** A host that greylists: each recipient is asked to come back, not before `waitMs`. */
export function greylisting(waitMs: number): Behaviour {
  const first = new Map<string, number>();
  return {
    rcpt: ({ peer, from, to, now }) => {
      const triplet = `${peer} ${from} ${to}`;
      const since = first.get(triplet) ?? now;
      first.set(triplet, since);
      return now - since < waitMs
        ? `451 4.7.1 <${to}>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/test.html`
        : undefined;
    },
  };
}

/** A host that writes its greeting a character at a time and never ends it. */
export const tarpit: Behaviour = { dripMs: 2000 };

/** A host where some recipients do not exist: those whose local part begins with "gone". */
export const withUnknown: Behaviour = {
  rcpt: ({ to }) =>
    to.startsWith('gone') ? `550 5.1.1 <${to}>: Recipient address rejected: User unknown` : undefined,
};
