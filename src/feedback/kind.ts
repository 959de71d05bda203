// A kind of address of ours: which addresses are of it, and what is done with mail that comes there.

export type Mail = Readonly<{
  /** Envelope sender; "" is the null sender; undefined when it was no address. */
  from: string | undefined;
  /** Local part in lower case, since hosts on the way change it; domain in lower-case A-labels. */
  to: Readonly<{ local: string; domain: string }>;
  /** As it came, at most 256 KiB, line ends CR LF. */
  message: Buffer;
}>;

/**
 * taken: dealt with, or of no interest · later: nothing was done, and the same may come again · noRequest, expired: nothing
 * was done, and whoever wrote should know · unread: nobody reads such mail here.
 */
export type Receipt = 'taken' | 'later' | 'noRequest' | 'expired' | 'unread';

export type Kind = Readonly<{
  name: string;
  /** Asked at RCPT for whatever strangers make up: no look-ups. */
  takes(to: Mail['to']): boolean;
  /** Rejects for what is broken on our side: the sender then tries again. */
  receive(mail: Mail): Promise<Receipt>;
}>;
