// Postmark: X-PM-* fields. Pure.
import { present } from '../../lib/present.ts';
import { MAX_TOPIC } from './bounds.ts';
import { choice, flag, line, maybeNamed, metadata } from './cell.ts';
import { headerDialect, type Row } from './rows.ts';

const LINKS = { none: 'none', htmlandtext: 'all', htmlonly: 'html', textonly: 'text' } as const;

const rows: readonly Row[] = [
  {
    field: 'X-PM-Tag',
    note: 'A tag, cut at 255 characters.',
    read: (cell) => {
      const tag = line(cell);
      return tag === undefined ? {} : { tags: [tag] };
    },
  },
  {
    field: 'X-PM-Metadata-*',
    note: 'Metadata, in every event: the name is what stands behind `X-PM-Metadata-`, in its case. A second field of one name gets `_2`.',
    read: (cell) => present({ metadata: metadata(cell) }),
  },
  {
    field: 'X-PM-TrackOpens',
    note: 'Opens are tracked or not.',
    read: (cell) => present({ opens: flag(cell) }),
  },
  {
    field: 'X-PM-TrackLinks',
    note: '`None`, `HtmlAndText`, `HtmlOnly` or `TextOnly`.',
    read: (cell) => present({ clicks: choice(cell, LINKS) }),
  },
  {
    field: 'X-PM-Message-Stream',
    note: 'Topic of suppressions and of the unsubscribe page. The stream `broadcast` gets unsubscribe fields, and in it `{{{ pm:unsubscribe }}}` the link (in HTML with the text "Unsubscribe"), `{{{ pm:unsubscribe_url }}}` its address.',
    read: (cell) => {
      const topic = maybeNamed(cell, MAX_TOPIC);
      return topic === undefined
        ? {}
        : { topic, ...(/^broadcasts?$/i.test(topic) ? { unsubscribe: true } : {}) };
    },
  },
  { field: 'X-PM-KeepID', note: 'The Message-ID always stays.' },
  { field: 'X-PM-Bounce-Type', note: 'No bounce is made up.', missed: true },
];

export const postmark = headerDialect({
  name: 'Postmark',
  about: 'Postmark: `X-PM-*` fields.',
  rows,
});
