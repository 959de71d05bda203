// The letters, templates and people of the filled relay. Pure.

/** A message as the API takes it, and the user that sends it. */
export type Letter = Readonly<{
  user: string;
  from: Readonly<{ email: string; name: string }>;
  to: readonly string[];
  subject: string;
  html: string;
  text: string;
  campaign?: string;
  campaignName?: string;
  tags?: readonly string[];
}>;

const people = [
  ['Anna Rossi', 'anna.rossi@libero.it'],
  ['Mario Bianchi', 'mario.bianchi@gmail.com'],
  ['Giulia Verdi', 'giulia.verdi@outlook.com'],
  ['Luca Conti', 'luca.conti@libero.it'],
  ['Sara Gallo', 'sara.gallo@aruba.it'],
  ['Jürgen Weiß', 'juergen.weiss@example.net'],
  ['Missing', 'missing@libero.it'],
  ['Full', 'full@gmail.com'],
  ['Greylisted', 'greylist-anna@aruba.it'],
  ['Spam', 'spam@outlook.com'],
  ['Later', 'later@example.net'],
  ['A very long address', 'a-rather-long-local-part.with.many.words.and-a-department@example.net'],
] as const;

const kinds = [
  ['shop', 'Order {n} confirmed', undefined, undefined],
  ['shop', 'La tua fattura {n}', 'invoices', 'Invoices'],
  ['newsletter', 'Autumn catalogue – everything new', 'autumn', 'Autumn catalogue'],
  ['erp', 'Delivery note {n}', 'invoices', 'Invoices'],
  ['booking', 'Your table is reserved ({n})', undefined, undefined],
  [
    'office',
    'Minutes of the meeting of the advisory board on the third floor, with all attachments ({n})',
    undefined,
    undefined,
  ],
] as const;

export function letters(count: number): readonly Letter[] {
  return Array.from({ length: count }, (_, n) => {
    const [user, title, campaign, campaignName] = kinds[n % kinds.length] ?? kinds[0];
    const [name, address] = people[(n * 7 + Math.floor(n / 12)) % people.length] ?? people[0];
    const subject = title.replace('{n}', String(20_260 + n));
    return {
      user,
      from: { email: 'orders@shop.example', name: 'The Shop' },
      to: [address],
      subject,
      html: `<html><body style="font-family: sans-serif"><h1>${subject}</h1><p>Dear ${name},</p>
<p>thank you. <a href="https://shop.example/orders/${n}">Your order</a> and
<a href="https://shop.example/help">our help</a> are one click away.</p></body></html>`,
      text: `Dear ${name},\n\nthank you: https://shop.example/orders/${n}\n`,
      ...(campaign === undefined ? {} : { campaign, campaignName: campaignName ?? campaign, tags: ['news'] }),
    };
  });
}

export const templates = [
  {
    name: 'order-confirmed',
    engine: 'tags',
    subject: 'Order [order] confirmed',
    html: '<h1>Thank you, [name|dear customer]</h1><p>Your order <b>[order]</b> is on its way.</p>',
    text: 'Thank you, [name|dear customer]. Your order [order] is on its way.',
  },
  {
    name: 'newsletter',
    engine: 'liquid',
    subject: '{{ title | default: "News" }}',
    html: '<h1>{{ title | default: "News" }}</h1><ul>{% for item in items %}<li>{{ item.name }}: {{ item.price }}</li>{% endfor %}</ul>',
  },
  {
    name: 'order-confirmed',
    engine: 'tags',
    subject: 'Your order [order]',
    html: '<h1>Thank you, [name|dear customer]!</h1><p>Your order <b>[order]</b> is on its way.</p><p><a href="https://shop.example/orders/[order]">Follow it</a></p>',
    text: 'Thank you, [name|dear customer]. Your order [order] is on its way.',
  },
] as const;

export const fields = [
  [
    'anna.rossi@libero.it',
    { name: 'Anna Rossi', fields: { city: 'Torino', customer: '4711', card: 'gold' } },
  ],
  ['mario.bianchi@gmail.com', { name: 'Mario Bianchi', fields: { city: 'Milano' } }],
] as const;
