// Amazon SES: X-SES-* fields. Pure.
import { present } from '../../lib/present.ts';
import { MAX_TOPIC } from './bounds.ts';
import { maybeNamed, metadata, words, type Cell } from './cell.ts';
import { headerDialect, type Part, type Row } from './rows.ts';

const rows: readonly Row[] = [
  {
    field: 'X-SES-CONFIGURATION-SET',
    note: 'Metadata `ses:configuration-set`, as in the events of SES. What the set did there, the user does here.',
    read: (cell) => {
      const name = maybeNamed(cell);
      return name === undefined ? {} : { metadata: { 'ses:configuration-set': name } };
    },
  },
  {
    field: 'X-SES-MESSAGE-TAGS',
    note: '`name=value` with commas between them: metadata, in every event.',
    many: true,
    read: (_, get) => messageTags(get('X-SES-MESSAGE-TAGS')),
  },
  {
    field: 'X-SES-LIST-MANAGEMENT-OPTIONS',
    note: '`list; topic=name`: topic of suppressions and of the unsubscribe fields, which the message then gets; without topic the list is it. `{{amazonSESUnsubscribeUrl}}` becomes the link.',
    read: listManagement,
  },
  { field: 'X-SES-SOURCE-ARN', note: 'Who may send as whom is up to the user here.' },
  { field: 'X-SES-FROM-ARN', note: 'The same.' },
  { field: 'X-SES-RETURN-PATH-ARN', note: 'The same.' },
];

export const ses = headerDialect({
  name: 'Amazon SES',
  about: 'Amazon SES: `X-SES-*` fields.',
  rows,
});

function messageTags(cells: readonly Cell[]): Part {
  const tags = new Map<string, string>();
  for (const cell of cells)
    for (const text of words(cell)) {
      const at = text.indexOf('=');
      if (at > 0) tags.set(text.slice(0, at).trim(), text.slice(at + 1).trim());
      else if (text !== '') cell.complain('', 'name=value with commas between them');
    }
  const [first] = cells;
  return first ? present({ metadata: metadata({ ...first, value: tags }) }) : {};
}

function listManagement(cell: Cell): Part {
  const named = new Map(
    (maybeNamed(cell) ?? '').split(';').map((part) => {
      const [name = '', value] = part.split('=').map((text) => text.trim());
      return value === undefined ? (['list', name] as const) : ([name.toLowerCase(), value] as const);
    }),
  );
  const topic =
    named.get('topic') ?? named.get('topicname') ?? named.get('list') ?? named.get('contactlistname') ?? '';
  const name = maybeNamed({ ...cell, value: topic }, MAX_TOPIC);
  return name === undefined ? {} : { topic: name, unsubscribe: true };
}
