// Our own control fields about what is in the mail: merge tags, templates, tracking, unsubscribe, blocks. Pure.
import { present } from '../../lib/present.ts';
import type { TagSyntax } from '../../model/instructions.ts';
import { MAX_DOMAINS, MAX_TOPIC, MAX_TOPICS } from './bounds.ts';
import {
  addressKey,
  choice,
  domain,
  flag,
  json,
  line,
  members,
  named,
  pieces,
  record,
  texts,
  value,
  whole,
  type Cell,
} from './cell.ts';
import { checked, join, type Get, type Part, type Row } from './rows.ts';

const CLICKS = {
  yes: 'all',
  true: 'all',
  on: 'all',
  1: 'all',
  all: 'all',
  html: 'html',
  htmlonly: 'html',
  text: 'text',
  textonly: 'text',
  no: 'none',
  none: 'none',
  false: 'none',
  off: 'none',
  0: 'none',
} as const;
const SYNTAXES: Readonly<Record<string, TagSyntax>> = {
  brackets: 'brackets',
  mailgun: 'mailgun',
  mailchimp: 'mailchimp',
  handlebars: 'handlebars',
  mailjet: 'mailjet',
  literal: 'literal',
};

const utm = (word: 'source' | 'medium' | 'term' | 'content' | 'campaign'): Row => ({
  field: `X-Postino-UTM-${word.charAt(0).toUpperCase()}${word.slice(1)}`,
  note: `utm_${word} on links.`,
  read: (cell) => ({ utm: present({ [word]: line(cell) }) }),
});

const merging: readonly Row[] = [
  {
    field: 'X-Postino-Merge',
    note: '`on`: merge tags are replaced, also from what is known of the recipient; `off`: none is, whatever else says so; `strict`: a tag without value and fallback bounces the delivery.',
    read: (cell, get) => {
      const strict = { strict: true, true: false, yes: false, on: false, 1: false } as const;
      const word = choice(cell, { ...strict, off: undefined, no: undefined, false: undefined, 0: undefined });
      if (word === undefined) return { merge: { off: true } };
      return { merge: { off: false, syntaxes: syntaxes(get), ...(word ? { strict: true } : {}) } };
    },
  },
  {
    field: 'X-Postino-Merge-Syntax',
    note: '`brackets` (`[name]`, `[name|fallback]`: the default), `mailgun`, `mailchimp`, `handlebars`, `mailjet` or `literal` (any name is a tag); several with commas between them.',
    read: (_, get) => ({ merge: { syntaxes: syntaxes(get) } }),
  },
  {
    field: 'X-Postino-Fields',
    note: 'JSON `{name: text}`: values of merge tags for all recipients. Several fields add up.',
    many: true,
    read: (_, get) =>
      get('X-Postino-Fields')
        .map((cell): Part => {
          const fields = record(json(cell));
          return fields ? { merge: { syntaxes: syntaxes(get), fields } } : {};
        })
        .reduceRight(join, {}),
  },
  {
    field: 'X-Postino-Recipient-Fields',
    note: 'JSON `{address: {name: text}}`: values for single recipients, which win over those for all. Several fields add up.',
    many: true,
    read: (_, get) =>
      get('X-Postino-Recipient-Fields')
        .map((cell) => recipientFields(json(cell), get))
        .reduceRight(join, {}),
  },
  {
    field: 'X-Postino-Sections',
    note: 'JSON `{name: text}`: texts that values can name, as in SendGrid.',
    read: (cell) => {
      const sections = record(json(cell));
      return sections ? { merge: { sections } } : {};
    },
  },
  {
    field: 'X-Postino-Template',
    note: 'A stored template of the account: `name`, or `name@version` for another version than the latest.',
    read: (cell, get) => {
      const [, name, version] = /^(.*?)(?:@(\d{1,9}))?$/.exec(named(cell) ?? '') ?? [];
      if (!name) return {};
      const block = get('X-Postino-Template-Block').map((one) => named(one))[0];
      const number = version === undefined ? undefined : whole({ ...cell, value: version }, 1, 999_999_999);
      return { template: { name, ...present({ version: number, block }) } };
    },
  },
  {
    field: 'X-Postino-Template-Block',
    note: "Tag of the template that the message's own body takes the place of.",
    read: checked(named),
  },
];

const tracking: readonly Row[] = [
  {
    field: 'X-Postino-No-Track',
    note: 'yes: neither opens nor links are tracked, whatever else says so.',
    read: (cell) => (flag(cell) === true ? { opens: false, clicks: 'none' } : {}),
  },
  {
    field: 'X-Postino-Track-Opens',
    note: 'Opens are tracked or not.',
    read: (cell) => present({ opens: flag(cell) }),
  },
  {
    field: 'X-Postino-Track-Clicks',
    note: 'Links are tracked (`yes`), only in `html` or only in `text`, or not.',
    read: (cell) => present({ clicks: choice(cell, CLICKS) }),
  },
  utm('source'),
  utm('medium'),
  utm('term'),
  utm('content'),
  utm('campaign'),
  {
    field: 'X-Postino-UTM-Domains',
    note: 'Only links to these hosts and their sub-domains get them; commas between them.',
    read: (cell) => {
      const domains = pieces(cell).flatMap((piece) => domain(piece) ?? []);
      return { utm: { domains: domains.slice(0, MAX_DOMAINS) } };
    },
  },
];

const unsubscribing: readonly Row[] = [
  {
    field: 'X-Postino-Unsubscribe',
    note: 'yes: the message gets unsubscribe fields, unless it has its own; no: it does not.',
    read: (cell) => present({ unsubscribe: flag(cell) }),
  },
  {
    field: 'X-Postino-Topic',
    note: 'What is unsubscribed from, and suppressed: a topic of at most 100 characters.',
    read: (cell) => present({ topic: named(cell, MAX_TOPIC) }),
  },
  {
    field: 'X-Postino-Topics',
    note: 'Topics to choose from on the page, with commas between them; the first 25.',
    read: (cell) => present({ topics: texts(pieces(cell), MAX_TOPICS, MAX_TOPIC) }),
  },
  {
    field: 'X-Postino-Unsubscribe-Text',
    note: 'JSON `{"html": …, "text": …}`: an unsubscribe text at the end, with `[unsubscribe_url]` in it; or `{"replace": tag}`: the link takes the place of that tag.',
    read: (cell) => {
      const inside = json(cell);
      const replace = member(inside, 'replace', (one) => named(one));
      const unsubscribeText = { ...block(inside), ...present({ replace }) };
      return Object.keys(unsubscribeText).length > 0 ? { unsubscribeText } : {};
    },
  },
];

const looks: readonly Row[] = [
  {
    field: 'X-Postino-Header',
    note: "yes: the user's header block, no: none.",
    read: (cell) => present({ header: flag(cell) }),
  },
  {
    field: 'X-Postino-Footer',
    note: 'yes: the user\'s footer block, no: none; or JSON `{"html": …, "text": …}`: this one.',
    read: (cell) => {
      if (!line(cell)?.startsWith('{')) return present({ footer: flag(cell) });
      return { footer: block(json(cell)) };
    },
  },
  {
    field: 'X-Postino-Inline-CSS',
    note: 'yes: style sheets are written into style attributes.',
    read: (cell) => present({ inlineCss: flag(cell) }),
  },
  {
    field: 'X-Postino-Separate',
    note: 'yes: every recipient sees only its own address in To, and no Cc.',
    read: (cell) => present({ separate: flag(cell) }),
  },
  {
    field: 'X-Postino-Own-Bcc',
    note: 'yes: a recipient in no To or Cc gets a copy with its own address in To.',
    read: (cell) => present({ ownBcc: flag(cell) }),
  },
];

export const mailRows: readonly Row[] = [...merging, ...tracking, ...unsubscribing, ...looks];

/** The ways to write tags that the message names, or ours. */
function syntaxes(get: Get): TagSyntax[] {
  const named = get('X-Postino-Merge-Syntax')
    .flatMap(pieces)
    .flatMap((piece) => choice(piece, SYNTAXES) ?? []);
  return named.length > 0 ? [...new Set(named)] : ['brackets'];
}

function recipientFields(cell: Cell, get: Get): Part {
  const recipients = [...members(cell)].flatMap(([address, values]) => {
    const key = addressKey(values, address);
    const fields = record(values);
    return key !== undefined && fields ? [[key, fields] as const] : [];
  });
  if (recipients.length === 0) return {};
  return { merge: { syntaxes: syntaxes(get), recipients: Object.fromEntries(recipients) } };
}

function block(cell: Cell): { html?: string; text?: string } {
  return present({ html: member(cell, 'html', value), text: member(cell, 'text', value) });
}

function member<T>(cell: Cell, name: string, read: (cell: Cell) => T | undefined): T | undefined {
  const one = members(cell).get(name);
  return one && read(one);
}
