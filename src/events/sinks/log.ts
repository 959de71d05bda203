// The log sink: one line in the log per event; together they are the mail log.
import type { Log } from '../../lib/log.ts';
import type { Event } from '../../model/event.ts';
import { isNotice, sayNotice } from '../../model/notice.ts';
import type { Sink } from './index.ts';

/** Logs each event without what is long or not for logs: conversation, metadata, tags. */
export function makeLogSink(log: Log): Sink {
  return {
    name: 'log',
    start: 'newest',
    cursor: 'kept',
    take: (batch) => {
      for (const { event } of batch) log.info(fieldsOf(event), sentenceOf(event));
      return Promise.resolve();
    },
  };
}

function fieldsOf(event: Event): Readonly<Record<string, unknown>> {
  const { v: _v, conversation: _conversation, metadata: _metadata, tags: _tags, ...fields } = event;
  return fields;
}

function sentenceOf(event: Event): string {
  const to = event.recipient;
  const said = event.reply ? `: ${event.reply.code} ${event.reply.text}` : '';
  const why = event.reason === undefined ? said : `: ${event.reason}`;
  if (isNotice(event)) return `${sayNotice(event)}${why}`;
  if (event.type === 'accepted') return `accepted from ${event.sender || '<>'} for ${to}`;
  if (event.type === 'delivered') return `delivered to ${to}${said}`;
  return `${event.type} for ${to}${why}`;
}
