// SendGrid's filters: settings of single messages inside X-SMTPAPI. Pure.
import { present } from '../../lib/present.ts';
import { domain, flag, line, mailbox, members, named, record, value, type Cell } from './cell.ts';
import { type Part, type Row } from './rows.ts';

/** Where the link goes in the texts of an unsubscribe filter, and its words. */
const LINK = /<%([^%<>]{0,255})%>/g;

type Settings = ReadonlyMap<string, Cell>;

/** A filter's row. `on` and `off` read its settings; without a word about "enable" nothing is asked. */
const filter = (name: string, note: string, on: (settings: Settings) => Part, off: Part = {}): Row => ({
  field: `filters.${name}`,
  note,
  read: (cell) => {
    const settings = settingsOf(cell);
    const enabled = settings.get('enable');
    const isOn = enabled && flag(enabled);
    if (isOn === undefined) return {};
    return isOn ? on(settings) : off;
  },
});

export const filters: readonly Row[] = [
  filter('bcc', 'A copy to `email`.', (settings) => {
    const box = read(settings, 'email', mailbox);
    return box ? { also: [box] } : {};
  }),
  filter(
    'bypass_list_management',
    'Sent although the address is suppressed, where the user was granted that.',
    () => ({ bypassSuppression: true }),
  ),
  filter(
    'clicktrack',
    'Links are tracked in HTML, with `enable_text` in text too; 0: not at all.',
    (settings) => ({ clicks: read(settings, 'enable_text', flag) === true ? 'all' : 'html' }),
    { clicks: 'none' },
  ),
  {
    field: 'filters.dkim',
    note: '`domain` signs, among those that the user was granted; with `use_from` the From domain, as always without this filter.',
    read: (cell) => {
      const settings = settingsOf(cell);
      const useFrom = read(settings, 'use_from', flag) === true;
      return useFrom ? {} : present({ signingDomain: read(settings, 'domain', domain) });
    },
  },
  filter(
    'footer',
    "`text/html` and `text/plain` at the end; without them the user's own footer. 0: none.",
    (settings) => {
      const block = present({
        html: read(settings, 'text/html', value),
        text: read(settings, 'text/plain', value),
      });
      return { footer: Object.keys(block).length > 0 ? block : true };
    },
    { footer: false },
  ),
  filter(
    'ganalytics',
    '`utm_source`, `utm_medium`, `utm_term`, `utm_content` and `utm_campaign` on links.',
    (settings) => ({
      utm: present({
        source: read(settings, 'utm_source', line),
        medium: read(settings, 'utm_medium', line),
        term: read(settings, 'utm_term', line),
        content: read(settings, 'utm_content', line),
        campaign: read(settings, 'utm_campaign', line),
      }),
    }),
  ),
  filter(
    'opentrack',
    'Opens are tracked or not. The pixel stands at the end; a tag named by `replace` disappears.',
    (settings) => {
      const fields = read(settings, 'replace', (cell) =>
        record({ ...cell, value: new Map([[line(cell) ?? '', '']]) }),
      );
      return { opens: true, ...(fields ? { merge: { syntaxes: ['literal'], fields } } : {}) };
    },
    { opens: false },
  ),
  { field: 'filters.spamcheck', note: 'Retired by SendGrid.' },
  filter(
    'subscriptiontrack',
    'Unsubscribe fields, and `text/html` and `text/plain` at the end with the link at `<% text %>`; or the link at the tag that `replace` names. 0: neither fields nor link.',
    (settings) => {
      const replace = read(settings, 'replace', line);
      const html = read(settings, 'text/html', (cell) => linked(cell, htmlLink));
      const text = read(settings, 'text/plain', (cell) => linked(cell, plainLink));
      const written = replace === undefined ? present({ html, text }) : { replace };
      return { unsubscribe: true, ...(Object.keys(written).length > 0 ? { unsubscribeText: written } : {}) };
    },
    { unsubscribe: false },
  ),
  filter(
    'templates',
    "`template_id` is the name of a stored template of the account; the message's own body takes the place of its tag `body`.",
    (settings) => {
      const name = read(settings, 'template_id', named);
      return name === undefined ? {} : { template: { name, block: 'body' } };
    },
  ),
];

/** A text with its links written out; it must not grow over the bound of texts by that. */
function linked(cell: Cell, write: (words: string) => string): string | undefined {
  const text = value(cell)?.replace(LINK, (_, words: string) => write(words.trim()));
  return text === undefined ? undefined : value({ ...cell, value: text });
}

/** The link's address is put in where the house's own tag stands. */
function htmlLink(words: string): string {
  return `<a href="[unsubscribe_url]">${words === '' ? '[unsubscribe_url]' : words}</a>`;
}

function plainLink(words: string): string {
  return words === '' ? '[unsubscribe_url]' : `${words} [unsubscribe_url]`;
}

/** Some programs write "setting", or nothing at all, where "settings" belongs. */
function settingsOf(cell: Cell): Settings {
  const own = members(cell);
  const inside = own.get('settings') ?? own.get('setting');
  return inside ? members(inside) : own;
}

function read<T>(settings: Settings, name: string, reader: (cell: Cell) => T | undefined): T | undefined {
  const cell = settings.get(name);
  return cell && reader(cell);
}
