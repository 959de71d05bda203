// A hit: somebody, or something, opened a letter or followed one of its links; what its event tells. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { firstGroups, plainIp } from '../lib/ip.ts';
import type { Event } from '../model/event.ts';
import { MAX_USER_AGENT, type Agent } from './agent.ts';
import type { Details, Subject } from './facts.ts';

/** Who asked, as the listener saw it. */
export type Visitor = Readonly<{
  ip: string;
  userAgent: string;
  /** True when no person can have done it: HEAD, or a browser that fetched ahead. */
  automatic: boolean;
}>;

export type Hit = Readonly<{
  type: 'opened' | 'clicked';
  at: EpochMs;
  subject: Subject;
  visitor: Visitor;
  /** Of a click: number and target of the link. A target that is kept elsewhere is here all the same. */
  link?: number;
  url?: string;
}>;

/** How much of an address events tell: "network" is the first 24 bits of IPv4, 48 of IPv6. */
export type Addresses = 'full' | 'network' | 'none';

/** What was found out about a hit after it was answered. */
export type Findings = Readonly<{
  details: Details;
  agent: Agent;
  country: string | undefined;
  /** True when it was one of a burst of clicks that no person makes. */
  burst: boolean;
  addresses: Addresses;
  /** Tells hits on the same link in the same millisecond apart. */
  count: number;
}>;

/**
 * The event of a hit. Its id, "<delivery>.clicked.<link>.<ms>-<count>" or "<delivery>.opened.<ms>-<count>", is made once: a
 * hit that is written twice because an answer of Redis was lost is told as one.
 */
export function describeHit(hit: Hit, found: Findings): Event {
  const { subject, type, at, link, url, visitor } = hit;
  const { agent, country, burst, addresses, count } = found;
  const machine = agent.machine ?? (visitor.automatic || burst ? 'scanner' : undefined);
  const ip = shownAddress(visitor.ip, addresses);
  return {
    ...describeSubject(subject, found.details, {
      id: `${subject.delivery}.${type}${link === undefined ? '' : `.${link}`}.${at}-${count}`,
      type,
      at,
    }),
    ...(url === undefined ? {} : { url }),
    ...(link === undefined ? {} : { link }),
    ...(visitor.userAgent === '' ? {} : { userAgent: visitor.userAgent.slice(0, MAX_USER_AGENT) }),
    ...(ip === undefined ? {} : { ip }),
    device: agent.device,
    ...(agent.client === undefined ? {} : { client: agent.client }),
    ...(agent.os === undefined ? {} : { os: agent.os }),
    ...(country === undefined ? {} : { country }),
    ...(machine === undefined ? {} : { machine }),
  };
}

/** What every event of a delivery's links has in common. */
export function describeSubject(
  subject: Subject,
  details: Details,
  { id, type, at }: Pick<Event, 'id' | 'type' | 'at'>,
): Event {
  const { delivery, account, user, recipient } = subject;
  const { sender, headerFrom, campaign, campaignName, tags, metadata } = details;
  return {
    v: 1,
    id,
    type,
    at,
    account,
    user,
    submission: delivery.slice(0, delivery.lastIndexOf('-')),
    delivery,
    recipient,
    sender,
    headerFrom: headerFrom ?? sender,
    ...(campaign === undefined ? {} : { campaign }),
    ...(campaignName === undefined ? {} : { campaignName }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(metadata === undefined ? {} : { metadata: { ...metadata } }),
  };
}

/** The part of an address that is told; undefined: nothing. */
export function shownAddress(ip: string, addresses: Addresses): string | undefined {
  const plain = plainIp(ip);
  if (addresses === 'none' || plain === '') return undefined;
  if (addresses === 'full') return plain;
  if (!plain.includes(':')) return plain.replace(/\.\d+$/, '.0');
  return `${firstGroups(plain, 3)}::`;
}
