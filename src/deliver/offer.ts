// What a peer offers, read from the text of its EHLO reply (RFC 5321 §4.1.1.1). Pure.

export type Offer = Readonly<{
  pipelining: boolean;
  eightBitMime: boolean;
  smtputf8: boolean;
  dsn: boolean;
  /** RFC 8689: it hands mail on over TLS only, where MAIL says so. */
  requireTls: boolean;
  /** SIZE was offered; `maxBytes` 0: it named no limit. */
  size: boolean;
  maxBytes: number;
}>;

export const noOffer: Offer = {
  pipelining: false,
  eightBitMime: false,
  smtputf8: false,
  dsn: false,
  requireTls: false,
  size: false,
  maxBytes: 0,
};

/** Reads an EHLO reply as it came, lines with their codes. */
export function readOffer(reply: string): Offer {
  const keywords = new Map<string, string>();
  for (const line of reply.split('\n').slice(1)) {
    const [keyword = '', parameter = ''] = line.slice(4).trim().split(/\s+/, 2);
    keywords.set(keyword.toUpperCase(), parameter);
  }
  const limit = keywords.get('SIZE') ?? '';
  return {
    pipelining: keywords.has('PIPELINING'),
    eightBitMime: keywords.has('8BITMIME'),
    smtputf8: keywords.has('SMTPUTF8'),
    dsn: keywords.has('DSN'),
    requireTls: keywords.has('REQUIRETLS'),
    size: keywords.has('SIZE'),
    maxBytes: /^\d{1,15}$/.test(limit) ? Number(limit) : 0,
  };
}
