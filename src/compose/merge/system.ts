// Tags that we fill ourselves, whoever's name for them is used: address, name, unsubscribe link. Pure.
import type { TagSyntax } from '../../model/instructions.ts';

/** SendGrid's tags; they are found as they stand, without being in the values. */
export const SYSTEM_LITERALS: Readonly<Record<string, string>> = {
  '<%asm_group_unsubscribe_raw_url%>': 'unsubscribe_url',
  '<%asm_group_unsubscribe_url%>': 'unsubscribe_url',
  '<%asm_global_unsubscribe_raw_url%>': 'unsubscribe_url',
  '<%asm_global_unsubscribe_url%>': 'unsubscribe_url',
  '<%asm_preferences_raw_url%>': 'preferences_url',
  '<%asm_preferences_url%>': 'preferences_url',
  '[unsubscribe]': 'unsubscribe_url',
};

/** Postmark's tag that is a whole link where HTML text stands, and its address everywhere else. */
export const UNSUBSCRIBE_LINK = 'unsubscribe_link';
const DATE = 'date:';

const ALIASES: Readonly<Partial<Record<TagSyntax, Readonly<Record<string, string>>>>> = {
  brackets: { unsubscribe: 'unsubscribe_url' },
  mailgun: {
    recipient: 'email',
    recipient_email: 'email',
    recipient_name: 'name',
    recipient_fname: 'first_name',
    recipient_lname: 'last_name',
    tag_unsubscribe_url: 'unsubscribe_url',
    mailing_list_unsubscribe_url: 'unsubscribe_url',
  },
  mailchimp: { unsub: 'unsubscribe_url', current_year: 'mc:current_year', 'mc:subject': 'mc:subject' },
  // Mandrill's, Postmark's two, and that of Amazon SES.
  handlebars: {
    unsub: 'unsubscribe_url',
    'pm:unsubscribe': UNSUBSCRIBE_LINK,
    'pm:unsubscribe_url': 'unsubscribe_url',
    amazonsesunsubscribeurl: 'unsubscribe_url',
  },
  mailjet: { email_to: 'email', unsub_link: 'unsubscribe_url' },
  literal: SYSTEM_LITERALS,
};

/**
 * Our name of what a tag stands for: `email`, `name`, `first_name`, `last_name`, `unsubscribe_url`, `preferences_url`,
 * `unsubscribe_link`; Mandrill's `mc:current_year`, `mc:subject` and `date:` with its format; or the tag's own name in lower
 * case. Undefined for SendGrid's when it is none of those.
 */
export function systemName(syntax: TagSyntax, name: string): string | undefined {
  const lower = name.toLowerCase();
  const aliases = ALIASES[syntax] ?? {};
  if (Object.hasOwn(aliases, lower)) return aliases[lower];
  if (syntax === 'mailchimp' && lower.startsWith(DATE)) return DATE + name.slice(DATE.length);
  return syntax === 'literal' ? undefined : lower;
}

/** True for what leads to our unsubscribe pages: such a link is ours already and is never tracked. */
export function isOurPage(system: string | undefined): boolean {
  return system === 'unsubscribe_url' || system === 'preferences_url' || system === UNSUBSCRIBE_LINK;
}
