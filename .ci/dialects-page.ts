// docs/dialects.md: what every field of every dialect does, from the tables that read them.
import { dialects, type Dialect } from '../src/accept/dialects/index.ts';

const HEAD = `# Control headers

A sender may ask for something in header fields: ours, or those of the service that it comes from. Postino reads SMTP+, SendGrid, Mandrill, Mailgun,
SparkPost, Postmark, Mailjet and Amazon SES, so that a shop that moves here changes host, user and password and nothing else. None of these
fields reaches a recipient, whatever it says, but in mail that a smart host forwards for strangers.

- **Several dialects** may stand in one message. Tags, metadata, merge values and more recipients add up; where two say something else of the same thing, the first in the order
  of this page counts.
- **What is granted.** Pools, return path, signing and tracking domains are chosen among those that the user was granted; a priority within its limit. What a message does not say
  comes from the user's rules and defaults.
- **Smart hosts.** Nobody has checked the From of mail that a trusted smart host sends (an Exchange that forwards outside mail): no control field of it is followed, so that no stranger can use up an idempotency key or
  send past the suppression list. \`postino user set exchange --smart-host-controls\` follows those of mail whose From is the user's own, without the recipients that they name. In outside mail that passes through, only
  \`X-Postino-*\`, Bcc and Return-Path are removed; the fields of vendors in it were meant for somebody else and stay as they are.
- **What is wrong** is refused with \`550 5.6.0\` and a sentence that names field and place: \`X-SMTPAPI must have true or false at filters.clicktrack.settings.enable\`,
  \`X-MC-MergeVars must be JSON; it breaks at character 17\`. For users with \`badControls: ignore\` the message is sent and its events say so. Names that are not on this page
  are read over. Fields that are ignored although they ask for something are noted in the events, and so are misspelled fields of ours (\`X-Postino-Tags\`).
- **JSON** may have 64 KiB, 10 levels, 1,000 names in an object and 10,000 items in a list; of two members with one name the last counts; \`[]\` is taken for an empty object, as PHP
  writes it. It may be folded, also where another mail server broke a long line, and written as UTF-8, with \`\\u\` escapes or in encoded words (RFC 2047).
- **Repeated fields**: the first counts, unless the row says otherwise; ours are refused.
- **Limits**: 20 tags; more are left out. Tags and campaigns of vendors are cut at 255 characters, names that something is looked up by are refused when they are longer. Values of metadata become
  texts. Control characters become spaces; only texts for the mail itself (merge values, footers, unsubscribe texts) keep line ends and tabs.
- **Times** without a zone are UTC; a time in the past is now.

*supported*: does what the row says. *ignored*: read over.
`;

const FOOT = `
Fields of other services (\`X-Mailin-*\`, \`X-SMTPeter-*\`, \`x-mq-*\`, \`X-Postal-Tag\`, \`X-AMP\` …) are not read and stay in the mail. Tags and templates: [personalising.md](personalising.md).
Attributes by which single links are left out of tracking: [tracking.md](tracking.md).

This page is made by \`npm run generate\` from the tables in \`src/accept/dialects\`, which also read the fields.
`;

/** A cell of a Markdown table. */
const cell = (text: string): string => text.replaceAll('|', '\\|');

function section({ name, about, docs }: Dialect): string {
  const rows = docs.map(({ field, status, note }) => `| \`${cell(field)}\` | ${status} | ${cell(note)} |`);
  return `\n## ${name}\n\n${about}\n\n| field | status | what it does |\n|---|---|---|\n${rows.join('\n')}\n`;
}

export function dialectsPage(): string {
  return `${HEAD}${dialects.map(section).join('')}${FOOT}`;
}
