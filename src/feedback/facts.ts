// What is known of the delivery that something came back about, read from what the history tells of it. Pure.
import type { Event } from '../model/event.ts';

/** Of its acceptance, and of the attempt that got it out where that was soon after. */
export type Facts = OfMessage &
  Partial<OfAttempt> &
  /** When it was accepted. */
  Readonly<{ at: number }>;

type OfMessage = Pick<
  Event,
  | 'account'
  | 'user'
  | 'submission'
  | 'delivery'
  | 'recipient'
  | 'sender'
  | 'headerFrom'
  | 'messageId'
  | 'subject'
  | 'campaign'
  | 'campaignName'
  | 'tags'
  | 'metadata'
>;
type OfAttempt = Pick<Event, 'transport' | 'fallback' | 'site' | 'provider' | 'host'>;

/** early: not written down yet, so that the same may be asked again · gone: nobody knows any more. */
export type Unknown = 'early' | 'gone';

export type FactsOf = (delivery: string) => Promise<Facts | Unknown>;
/** Of all deliveries of a submission. */
export type AllFactsOf = (submission: string) => Promise<readonly Facts[] | Unknown>;

/** The facts of each delivery that these events tell of. */
export function factsIn(events: readonly Event[]): readonly Facts[] {
  const byDelivery = Map.groupBy(events, ({ delivery }) => delivery);
  return [...byDelivery.values()].flatMap((own) => {
    const first = own.find(({ type }) => type === 'accepted') ?? own[0];
    if (!first) return [];
    const attempt = own.find(({ type }) => type === 'delivered');
    return [{ ...ofMessage(first), ...(attempt && ofAttempt(attempt)), at: first.at }];
  });
}

function ofMessage({
  account,
  user,
  submission,
  delivery,
  recipient,
  sender,
  headerFrom,
  messageId,
  subject,
  campaign,
  campaignName,
  tags,
  metadata,
}: Event): OfMessage {
  return {
    account,
    user,
    submission,
    delivery,
    recipient,
    sender,
    ...(headerFrom === undefined ? {} : { headerFrom }),
    ...(messageId === undefined ? {} : { messageId }),
    ...(subject === undefined ? {} : { subject }),
    ...(campaign === undefined ? {} : { campaign }),
    ...(campaignName === undefined ? {} : { campaignName }),
    ...(tags === undefined ? {} : { tags }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function ofAttempt({ transport, fallback, site, provider, host }: Event): OfAttempt {
  return {
    ...(transport === undefined ? {} : { transport }),
    ...(fallback === undefined ? {} : { fallback }),
    ...(site === undefined ? {} : { site }),
    ...(provider === undefined ? {} : { provider }),
    ...(host === undefined ? {} : { host }),
  };
}
