// Whole messages as customers of other services send them today, with what must arrive of each.

/** What one recipient of a message gets. */
export type WantedLetter = Readonly<{
  address: string;
  /** Addresses in To. */
  to: readonly string[];
  subject: string;
  /** Pieces of what a reader sees. */
  html: readonly string[];
  text: readonly string[];
  /** Targets of the tracked links, in their order. */
  targets: Readonly<{ html: readonly string[]; text: readonly string[] }>;
  /** Links that stay as they are. */
  untouched: readonly string[];
  /** What belongs to other recipients. */
  foreign: readonly string[];
}>;

export type VendorMessage = Readonly<{
  vendor: string;
  rcpt: readonly string[];
  data: string;
  letters: readonly WantedLetter[];
  /** What no recipient may see. */
  secrets: readonly string[];
  /** What every event says. */
  labels: Readonly<{
    tags?: readonly string[];
    campaign?: string;
    campaignName?: string;
    metadata?: Readonly<Record<string, string>>;
  }>;
  /** What it unsubscribes from; undefined: all mail. */
  topic?: string;
  /** One of its control fields with a mistake, and what the refusal says of it. */
  broken: Readonly<{ field: string; says: string }>;
}>;

type Encoding = '8bit' | 'quoted-printable' | 'base64';

const crlf = (text: string): string => text.replace(/\r?\n/g, '\r\n');

/** The HTML of an order, with the vendor's tags in it. */
const page = (inside: string): string =>
  crlf(`<!DOCTYPE html>
<html lang="it"><head><meta charset="utf-8"><title>Ordine</title>
<style>p.hello { color: #336699 } a:hover { color: red }</style></head>
<body bgcolor="#ffffff">
<!--[if mso]><table><tr><td><![endif]-->
${inside}
<p><a href="mailto:help@shop.example">Aiuto – è qui</a> <a href="tel:+39021234">02 1234</a> <a href="#top">su</a></p>
<p><a href="https://shop.example/privacy">https://shop.example/privacy</a></p>
<!--[if mso]></td></tr></table><![endif]-->
</body></html>
`);
const NOT_TRACKED = [
  'href="mailto:help@shop.example"',
  'href="tel:+39021234"',
  'href="#top"',
  'href="https://shop.example/privacy"',
];

function encode(text: string, encoding: Encoding): string {
  if (encoding === '8bit') return text;
  if (encoding === 'base64')
    return `${Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n').trimEnd()}\r\n`;
  return text
    .split('\r\n')
    .map((line) => {
      const pieces =
        Buffer.from(line)
          .toString('latin1')
          .replace(
            /[^!-<>-~ ]/g,
            (byte) => `=${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
          )
          .match(/(?:=..|[^=]){1,70}/g) ?? [];
      return pieces.join('=\r\n').replace(/ $/, '=20');
    })
    .join('\r\n');
}

/** multipart/alternative of both, as mail libraries write it. */
function alternative(
  header: readonly string[],
  { text, html, encoding }: Readonly<{ text: string; html: string; encoding: Encoding }>,
): string {
  const part = (type: string, content: string): string =>
    `--=_b1\r\nContent-Type: text/${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${encode(content, encoding)}\r\n`;
  return [
    ...header,
    'MIME-Version: 1.0',
    'Content-Type: multipart/alternative; boundary="=_b1"',
    '',
    `${part('plain', crlf(text))}${part('html', html)}--=_b1--`,
    '',
  ].join('\r\n');
}

/** Folds before words, as PHPMailer and Symfony do. */
function folded(name: string, value: string): string {
  const lines = [''];
  for (const word of `${name}: ${value}`.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + word.length > 74) lines.push(` ${word}`);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join('\r\n');
}

const from = (name: string): string => `From: ${name} <orders@shop.example>`;
const utf8 = (text: string): string => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;

const smtpplus: VendorMessage = {
  vendor: 'SMTP+',
  rcpt: ['anna@mail.test'],
  data: alternative(
    [
      from('Il Negozio'),
      'To: Anna Rossi <anna@mail.test>',
      `Subject: ${utf8('Ordine [order] – grazie, [firstname|cliente]')}`,
      'Message-ID: <smtpplus-1@shop.example>',
      folded(
        'X-SMTPAPI',
        '{"CampaignName": "Ordini di marzo", "CampaignCode": "ORD-2026-03", "Header": null, "Footer": true, "ClickTracking": "true", "ViewTracking": 1, "Priority": null, "Schedule": null, "DynamicFields": [{"N": "firstname", "V": "Anna"}, {"N": "order", "V": "4711"}, {"N": "total", "V": "119,00 \\u20ac"}], "CampaignReport": null, "SkipDynamicFields": null}',
      ),
    ],
    {
      encoding: 'quoted-printable',
      text: 'Ciao [firstname],\n\nil totale è [total].\nhttps://shop.example/orders/[order]?from=[firstname]\n\nArticoli [sic] e [unknown|niente].\n',
      html: page(
        '<p class="hello">Ciao [firstname], il totale è <b>[total]</b>. [sic]</p><p><a href="https://shop.example/orders/[order]?from=[firstname]&amp;x=1">Il tuo ordine</a></p>',
      ),
    },
  ),
  letters: [
    {
      address: 'anna@mail.test',
      to: ['anna@mail.test'],
      subject: 'Ordine 4711 – grazie, Anna',
      html: ['Ciao Anna, il totale è <b>119,00 €</b>. [sic]', '<p>Negozio srl, Via Roma 1</p>'],
      text: ['Ciao Anna,', 'il totale è 119,00 €.', 'Articoli [sic] e niente.', 'Negozio srl, Via Roma 1'],
      targets: {
        html: ['https://shop.example/orders/4711?from=Anna&x=1'],
        text: ['https://shop.example/orders/4711?from=Anna'],
      },
      untouched: NOT_TRACKED,
      foreign: [],
    },
  ],
  secrets: ['ORD-2026-03', 'Ordini di marzo', 'DynamicFields', '[firstname'],
  labels: { campaign: 'ORD-2026-03', campaignName: 'Ordini di marzo' },
  broken: { field: 'X-SMTPAPI: {"CampaignCode": "A", "Priority": 9}', says: 'at Priority' },
};

const sendgrid: VendorMessage = {
  vendor: 'SendGrid',
  rcpt: ['list@shop.example'],
  data: alternative(
    [
      from('The Shop'),
      'To: list@shop.example',
      'Subject: -name-, your order -order- is on its way',
      'Message-ID: <sendgrid-1@shop.example>',
      folded(
        'X-SMTPAPI',
        '{"to": ["Berta Bianchi <berta@mail.test>", "carl@mail.test"], "sub": {"-name-": ["Berta", "Carl <3"], "-order-": ["5001", "5002"], "-greeting-": ["%hello%", "%bye%"]}, "section": {"%hello%": "Hello -name-, nice to see you", "%bye%": "Good day -name-"}, "category": ["orders", "spring"], "unique_args": {"shop_id": "S-881", "run": 17}, "asm_group_id": 42, "asm_groups_to_display": [42, 43], "filters": {"clicktrack": {"settings": {"enable": 1, "enable_text": false}}, "opentrack": {"settings": {"enable": 1}}, "footer": {"settings": {"enable": 1, "text/html": "<p>Thanks, <b>the shop</b></p>", "text/plain": "Thanks, the shop"}}, "ganalytics": {"settings": {"enable": 1, "utm_source": "sendgrid.com", "utm_medium": "email", "utm_campaign": "spring"}}}}',
      ),
    ],
    {
      encoding: 'base64',
      text: '-greeting-.\nOrder: https://shop.example/o/-order-\nLeave: <%asm_group_unsubscribe_raw_url%>\n',
      html: page(
        '<p class="hello">-greeting-.</p><p><a href="https://shop.example/o/-order-">See it</a> <a clicktracking="off" href="https://shop.example/plain">plain</a></p><p><a href="<%asm_group_unsubscribe_raw_url%>">Leave</a></p>',
      ),
    },
  ),
  letters: [
    {
      address: 'berta@mail.test',
      to: ['berta@mail.test'],
      subject: 'Berta, your order 5001 is on its way',
      html: ['<p class="hello">Hello Berta, nice to see you.</p>', '<p>Thanks, <b>the shop</b></p>'],
      text: ['Hello Berta, nice to see you.', 'Thanks, the shop'],
      targets: {
        html: ['https://shop.example/o/5001?utm_source=sendgrid.com&utm_medium=email&utm_campaign=spring'],
        text: [],
      },
      untouched: NOT_TRACKED.slice(0, 3),
      foreign: ['carl@mail.test', 'Carl', '5002', 'Good day', 'list@shop.example'],
    },
    {
      address: 'carl@mail.test',
      to: ['carl@mail.test'],
      subject: 'Carl <3, your order 5002 is on its way',
      // SendGrid puts values into HTML as they are.
      html: ['<p class="hello">Good day Carl <3.</p>'],
      text: ['Good day Carl <3.', 'Thanks, the shop'],
      targets: {
        html: ['https://shop.example/o/5002?utm_source=sendgrid.com&utm_medium=email&utm_campaign=spring'],
        text: [],
      },
      untouched: NOT_TRACKED.slice(0, 3),
      foreign: ['berta@mail.test', 'Berta', '5001', 'list@shop.example'],
    },
  ],
  secrets: ['S-881', 'unique_args', '-greeting-', 'asm_group'],
  labels: { tags: ['orders', 'spring'], metadata: { shop_id: 'S-881', run: '17' } },
  topic: '42',
  broken: { field: 'X-SMTPAPI: {"category": ["orders"], "to": "a@b', says: 'X-SMTPAPI must be JSON' },
};

const mandrill: VendorMessage = {
  vendor: 'Mandrill',
  rcpt: ['dora@mail.test', 'emil@mail.test'],
  data: alternative(
    [
      from('The Shop'),
      'To: Dora <dora@mail.test>, Emil <emil@mail.test>',
      'Subject: *|FNAME|*, your receipt',
      'Message-ID: <mandrill-1@shop.example>',
      'X-MC-Tags: receipts, spring sale',
      'X-MC-Track: opens, clicks_htmlonly',
      'X-MC-PreserveRecipients: no',
      'X-MC-MergeVars: {"COMPANY": "Shop & Sons", "FNAME": "friend"}',
      folded('X-MC-MergeVars', '{"_rcpt": "dora@mail.test", "FNAME": "Dora", "TOTAL": "10 &euro;"}'),
      folded('X-MC-MergeVars', '{"_rcpt": "Emil@mail.test", "fname": "Emil", "total": "20 &euro;"}'),
      'X-MC-Metadata: {"order_id": "R-990", "paid": true}',
      'X-MC-GoogleAnalytics: shop.example, other.example',
      'X-MC-GoogleAnalyticsCampaign: receipts',
      'X-MC-InlineCSS: true',
      'X-MC-Important: true',
      'X-MC-Autotext: false',
    ],
    {
      encoding: '8bit',
      text: 'Dear *|FNAME|*, that was *|TOTAL|* at *|COMPANY|*.\n',
      html: page(
        '<p class="hello">Dear *|FNAME|*, that was *|TOTAL|*. *|NOTHING|*</p><p><a href="https://shop.example/r/*|FNAME|*">Receipt</a> <a href="https://elsewhere.example/x?y=*%7CFNAME%7C*">else</a></p>',
      ),
    },
  ),
  letters: [
    {
      address: 'dora@mail.test',
      to: ['dora@mail.test'],
      subject: 'Dora, your receipt',
      html: ['>Dear Dora, that was 10 &euro;.', 'color: #336699'],
      text: ['Dear Dora, that was 10', 'at Shop & Sons.'],
      targets: {
        html: [
          'https://shop.example/r/Dora?utm_source=mandrill&utm_medium=email&utm_campaign=receipts',
          'https://elsewhere.example/x?y=Dora',
        ],
        text: [],
      },
      untouched: NOT_TRACKED.slice(0, 3),
      foreign: ['emil@mail.test', 'Emil', '20 '],
    },
    {
      address: 'emil@mail.test',
      to: ['emil@mail.test'],
      subject: 'Emil, your receipt',
      html: ['>Dear Emil, that was 20 &euro;.'],
      text: ['Dear Emil, that was 20'],
      targets: {
        html: [
          'https://shop.example/r/Emil?utm_source=mandrill&utm_medium=email&utm_campaign=receipts',
          'https://elsewhere.example/x?y=Emil',
        ],
        text: [],
      },
      untouched: NOT_TRACKED.slice(0, 3),
      foreign: ['dora@mail.test', 'Dora', '10 &euro;'],
    },
  ],
  secrets: ['R-990', 'order_id', '*|FNAME', 'spring sale'],
  labels: { tags: ['receipts', 'spring sale'], metadata: { order_id: 'R-990', paid: 'true' } },
  broken: { field: 'X-MC-MergeVars: {"FNAME": }', says: 'X-MC-MergeVars must be JSON' },
};

const mailgun: VendorMessage = {
  vendor: 'Mailgun',
  rcpt: ['fritz@mail.test', 'gina@mail.test'],
  data: alternative(
    [
      from('The Shop'),
      'To: %recipient%',
      'Subject: Hey, %recipient.first%',
      'Message-ID: <mailgun-1@shop.example>',
      'X-Mailgun-Tag: newsletter',
      'X-Mailgun-Tag: march',
      folded(
        'X-Mailgun-Recipient-Variables',
        '{"fritz@mail.test": {"first": "Fritz", "id": 1001}, "gina@mail.test": {"first": "Gina", "id": 1002}}',
      ),
      'X-Mailgun-Variables: {"my_message_id": "MG-123"}',
      'X-Mailgun-Variables: {"desk": {"floor": 3}}',
      'X-Mailgun-Track: yes',
      'X-Mailgun-Track-Clicks: htmlonly',
      'X-Mailgun-Dkim: yes',
      'X-Mailgun-Require-TLS: yes',
      'X-Mailgun-Skip-Verification: yes',
    ],
    {
      encoding: 'quoted-printable',
      text: 'Hey %recipient.first% (%recipient.id%), leave: %unsubscribe_url% 100% sure\n',
      html: page(
        '<p>Hey %recipient.first%, 100% sure</p><p><a href="https://shop.example/u?id=%recipient.id%&amp;n=%recipient.first%">Your page</a> <a href="%unsubscribe_url%">leave</a></p>',
      ),
    },
  ),
  letters: [
    {
      address: 'fritz@mail.test',
      to: ['fritz@mail.test'],
      subject: 'Hey, Fritz',
      html: ['<p>Hey Fritz, 100% sure</p>', '<a href="https://click.shop.example/t/u/'],
      text: ['Hey Fritz (1001), leave: https://click.shop.example/t/u/', ' 100% sure'],
      targets: { html: ['https://shop.example/u?id=1001&n=Fritz'], text: [] },
      untouched: NOT_TRACKED,
      foreign: ['gina@mail.test', 'Gina', '1002'],
    },
    {
      address: 'gina@mail.test',
      to: ['gina@mail.test'],
      subject: 'Hey, Gina',
      html: ['<p>Hey Gina, 100% sure</p>'],
      text: ['Hey Gina (1002), leave: https://click.shop.example/t/u/'],
      targets: { html: ['https://shop.example/u?id=1002&n=Gina'], text: [] },
      untouched: NOT_TRACKED,
      foreign: ['fritz@mail.test', 'Fritz', '1001'],
    },
  ],
  secrets: ['MG-123', 'my_message_id', '%recipient'],
  labels: { tags: ['newsletter', 'march'], metadata: { my_message_id: 'MG-123', desk: '{"floor":3}' } },
  broken: { field: 'X-Mailgun-Track-Clicks: perhaps', says: 'X-Mailgun-Track-Clicks must be' },
};

const sparkpost: VendorMessage = {
  vendor: 'SparkPost',
  rcpt: ['hugo@mail.test'],
  data: alternative(
    [
      from('The Shop'),
      'To: hugo@mail.test',
      'Subject: [news] for {{you}}',
      'Message-ID: <sparkpost-1@shop.example>',
      folded(
        'X-MSYS-API',
        '{"campaign_id": "SP-spring", "metadata": {"user_type": "students", "big": {"a": [1]}}, "tags": ["s1", "s2"], "archive": ["archive@mail.test"], "options": {"open_tracking": true, "click_tracking": true, "transactional": false, "inline_css": false, "ip_pool": "sp_shared"}, "substitution_data": {"you": "nobody"}}',
      ),
    ],
    {
      encoding: '8bit',
      text: 'Read https://shop.example/news?a=1&b=2.\n',
      html: page(
        '<p>[news] {{you}}</p><p><a href="https://shop.example/news?a=1&amp;b=2">Read</a> <a data-msys-clicktrack="0" href="https://shop.example/raw">raw</a></p>',
      ),
    },
  ),
  letters: ['hugo@mail.test', 'archive@mail.test'].map((address) => ({
    address,
    to: ['hugo@mail.test'],
    subject: '[news] for {{you}}',
    html: ['<p>[news] {{you}}</p>'],
    text: ['Read https://click.shop.example/t/c/'],
    targets: {
      html: ['https://shop.example/news?a=1&b=2'],
      text: ['https://shop.example/news?a=1&b=2'],
    },
    untouched: [...NOT_TRACKED, 'href="https://shop.example/raw"'],
    foreign: address === 'hugo@mail.test' ? ['archive@mail.test'] : [],
  })),
  secrets: ['SP-spring', 'students'],
  labels: {
    campaign: 'SP-spring',
    tags: ['s1', 's2'],
    metadata: { user_type: 'students', big: '{"a":[1]}' },
  },
  broken: {
    field: 'X-MSYS-API: {"metadata": 7}',
    says: "X-MSYS-API 'metadata' must be of type 'json object'",
  },
};

const postmark: VendorMessage = {
  vendor: 'Postmark',
  rcpt: ['ines@mail.test'],
  data: alternative(
    [
      from('The Shop'),
      'To: ines@mail.test',
      'Subject: Reset your password',
      'Message-ID: <postmark-1@shop.example>',
      'X-PM-Tag: password-reset',
      'X-PM-Metadata-color: blue-77',
      'X-PM-Metadata-client-id: 12345-pm',
      'X-PM-TrackOpens: true',
      'X-PM-TrackLinks: HtmlAndText',
      'X-PM-Message-Stream: broadcast',
      'X-PM-KeepID: true',
    ],
    {
      encoding: 'quoted-printable',
      text: 'Reset: https://shop.example/reset/abc=def\nLeave: {{{ pm:unsubscribe }}}\n',
      html: page(
        '<p><a href="https://shop.example/reset/abc=def">Reset</a> <a data-pm-no-track href="https://shop.example/once">once</a> <a href="{{{pm:unsubscribe_url}}}">leave</a></p>',
      ),
    },
  ),
  letters: [
    {
      address: 'ines@mail.test',
      to: ['ines@mail.test'],
      subject: 'Reset your password',
      html: ['>Reset</a>', '<a href="https://click.shop.example/t/u/'],
      text: ['Reset: https://click.shop.example/t/c/', 'Leave: https://click.shop.example/t/u/'],
      targets: {
        html: ['https://shop.example/reset/abc=def'],
        text: ['https://shop.example/reset/abc=def'],
      },
      untouched: [...NOT_TRACKED, 'href="https://shop.example/once"'],
      foreign: [],
    },
  ],
  secrets: ['blue-77', '12345-pm', 'password-reset'],
  labels: { tags: ['password-reset'], metadata: { color: 'blue-77', 'client-id': '12345-pm' } },
  topic: 'broadcast',
  broken: { field: 'X-PM-TrackLinks: Sometimes', says: 'X-PM-TrackLinks must be' },
};

const mailjet: VendorMessage = {
  vendor: 'Mailjet',
  rcpt: ['jona@mail.test'],
  data: alternative(
    [
      from('The Shop'),
      'To: Jona <jona@mail.test>',
      'Subject: Hello {{var:firstname:"friend"}}',
      'Message-ID: <mailjet-1@shop.example>',
      'X-Mailjet-Campaign: Spring 2026',
      'X-MJ-CustomID: MJ-custom-5',
      'X-MJ-EventPayload: {"payload": "MJ-payload"}',
      'X-Mailjet-TrackOpen: 1',
      'X-Mailjet-TrackClick: 1',
      'X-Mailjet-Prio: 2',
      'X-MJ-TemplateLanguage: 1',
      'X-MJ-TemplateErrorDeliver: deliver',
      'X-MJ-Vars: {"firstname": "Jona", "code": "J&1"}',
      'X-MJ-MonitoringCategory: shop-mail',
    ],
    {
      encoding: '8bit',
      text: 'Hello {{var:firstname}}, {{var:city:"wherever you are"}}: https://shop.example/c/{{var:code}}\n',
      html: page(
        '<p>Hello {{var:firstname}}, {{var:city:"wherever you are"}}. Code {{var:code}}.</p><p><a href="https://shop.example/c/{{var:code}}">Use it</a> <a href="[[UNSUB_LINK_EN]]">leave</a></p>',
      ),
    },
  ),
  letters: [
    {
      address: 'jona@mail.test',
      to: ['jona@mail.test'],
      subject: 'Hello Jona',
      html: [
        '<p>Hello Jona, wherever you are. Code J&amp;1.</p>',
        '<a href="https://click.shop.example/t/u/',
      ],
      text: ['Hello Jona, wherever you are: '],
      targets: { html: ['https://shop.example/c/J%261'], text: ['https://shop.example/c/J%261'] },
      untouched: NOT_TRACKED,
      foreign: [],
    },
  ],
  secrets: ['MJ-custom-5', 'MJ-payload', 'Spring 2026', 'shop-mail', '{{var'],
  labels: {
    campaign: 'Spring 2026',
    tags: ['shop-mail'],
    metadata: { CustomID: 'MJ-custom-5', EventPayload: '{"payload": "MJ-payload"}' },
  },
  broken: { field: 'X-MJ-Vars: {"a": 1', says: 'X-MJ-Vars must be JSON' },
};

const ses: VendorMessage = {
  vendor: 'Amazon SES',
  rcpt: ['kira@mail.test', 'leo@mail.test'],
  data: alternative(
    [
      from('The Shop'),
      'To: kira@mail.test, leo@mail.test',
      'Subject: Weekly news',
      'Message-ID: <ses-1@shop.example>',
      'X-SES-CONFIGURATION-SET: ConfigSetOne',
      'X-SES-MESSAGE-TAGS: tagA=valA, tagB=valB9',
      'X-SES-LIST-MANAGEMENT-OPTIONS: TheList; topic=Weekly',
      'X-SES-SOURCE-ARN: arn:aws:ses:us-east-1:123456789012:identity/shop.example',
    ],
    {
      encoding: 'base64',
      text: 'News: https://shop.example/n/1\nLeave: {{amazonSESUnsubscribeUrl}}\n{{name}}\n',
      html: page(
        '<p>News</p><p><a href=https://shop.example/n/1>Read</a> <a href=" {{amazonSESUnsubscribeUrl}}">leave</a></p>',
      ),
    },
  ),
  // Both see each other, as with SES; opens and clicks are what the configuration set did, and the user does here.
  letters: ['kira@mail.test', 'leo@mail.test'].map((address) => ({
    address,
    to: ['kira@mail.test', 'leo@mail.test'],
    subject: 'Weekly news',
    html: ['<p>News</p>', '<a href=" https://click.shop.example/t/u/'],
    text: ['News: ', 'Leave: https://click.shop.example/t/u/', '{{name}}'],
    targets: { html: ['https://shop.example/n/1'], text: ['https://shop.example/n/1'] },
    untouched: NOT_TRACKED,
    foreign: [],
  })),
  secrets: ['ConfigSetOne', 'valB9', 'arn:aws', 'TheList'],
  labels: { metadata: { 'ses:configuration-set': 'ConfigSetOne', tagA: 'valA', tagB: 'valB9' } },
  topic: 'Weekly',
  broken: { field: 'X-SES-MESSAGE-TAGS: justaname', says: 'X-SES-MESSAGE-TAGS must be' },
};

export const vendorMessages: readonly VendorMessage[] = [
  smtpplus,
  sendgrid,
  mandrill,
  mailgun,
  sparkpost,
  postmark,
  mailjet,
  ses,
];
