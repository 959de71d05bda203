// What a message asks for, as the control fields that say the same by SMTP: so both are granted or refused by the same rules. Pure.
import type { Message } from './message.ts';

type Field = readonly [name: string, value: string];

/** The fields of a message's wishes. `key` names the message so that a repetition is not sent again. */
export function controlFields(message: Message, key: string | undefined): readonly Field[] {
  const { template, sendAt, trackClicks, data, recipientData } = message;
  const said: readonly (readonly [name: string, value: string | number | boolean | undefined])[] = [
    ['Campaign', message.campaign],
    ['Campaign-Name', message.campaignName],
    ['Metadata', maybe(message.metadata)],
    ['Priority', message.priority],
    ['Pool', message.pool],
    ['Send-At', typeof sendAt === 'number' ? new Date(sendAt).toISOString() : sendAt],
    ['Batch', message.batch],
    ['TTL', message.ttl],
    ['Attempts', message.attempts],
    ['Require-TLS', message.tls],
    ['Track-Opens', message.trackOpens],
    ['Track-Clicks', trackClicks],
    ['Unsubscribe', message.unsubscribe],
    ['Topic', message.topic],
    ['Topics', message.topics?.join(', ')],
    ['Header', message.header],
    ['Footer', message.footer],
    ['Inline-CSS', message.inlineCss],
    ['Separate', message.separate],
    ['Drop', message.drop],
    ['Bypass-Suppression', message.bypassSuppression],
    [
      'Template',
      template && `${template.name}${template.version === undefined ? '' : `@${template.version}`}`,
    ],
    ['Template-Block', template?.block],
    ['Merge', message.merge ?? (data || recipientData ? 'on' : undefined)],
    ['Merge-Syntax', message.mergeSyntax?.join(', ')],
    ['Fields', maybe(data)],
    ['Recipient-Fields', maybe(recipientData)],
    ['Idempotency-Key', key],
  ];
  return [
    ...(message.tags ?? []).map((tag): Field => ['X-Postino-Tag', tag]),
    ...said.flatMap(([name, value]): Field[] =>
      value === undefined ? [] : [[`X-Postino-${name}`, sayValue(value)]],
    ),
  ];
}

function sayValue(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

const maybe = (value: unknown): string | undefined => (value === undefined ? undefined : jsonField(value));

/** JSON in ASCII, so that no header needs another charset. Spaces in texts are escaped as well: a field is folded at them. */
export function jsonField(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^!-~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
