// What a sender should do about a failed delivery, one sentence per bounce class. Pure data.
import type { CauseClass } from '../model/outcome.ts';

export const advice: Readonly<Record<CauseClass, string>> = {
  'bad-mailbox':
    'Check the address for typing errors. If it is right, ask the recipient for another one and remove this one from your lists.',
  'inactive-mailbox': 'The mailbox is not used any more. Remove the address from your lists.',
  'mailbox-full':
    'The recipient has no room for more mail. Try again in some days, or reach the recipient another way.',
  'bad-domain': 'Check the part of the address after the @ for typing errors.',
  'no-mail-domain':
    'This domain takes no mail at all. Check the part of the address after the @ for typing errors.',
  routing:
    'The mail servers of the recipient pass this mail in a circle or do not know each other. Tell the recipient’s administrator.',
  'message-too-big': 'Send a smaller message, or a link in place of the attachment.',
  content:
    'The recipient’s server does not take this content. Change the message or its attachments before you send it again.',
  spam: 'The recipient’s server takes this message for spam. Change its text and links, and make sure that the recipient asked for it.',
  blocked:
    'The recipient’s server does not take mail from ours. Tell the administrator of this relay, who can ask for the block to be lifted.',
  reputation: 'The recipient’s server does not trust the sender yet. Tell the administrator of this relay.',
  authentication:
    'The recipient’s server could not verify that the message comes from your domain. Check the SPF, DKIM and DMARC records of your domain.',
  policy:
    'The recipient’s server refuses this message by its own rules. Ask the recipient or their administrator to allow it.',
  relaying:
    'The server that answers for this domain does not feel responsible for it. Tell the recipient’s administrator.',
  greylisted: 'The recipient’s server kept asking to come back later. Send the message again.',
  'rate-limited': 'The recipient’s server took too little mail at a time. Send the message again later.',
  busy: 'The recipient’s server had no time for the message. Send it again later.',
  connection:
    'The recipient’s server could not be reached. Check the part of the address after the @, then send the message again later.',
  dns: 'The mail servers of this domain could not be found in DNS. Check the part of the address after the @, then send the message again later.',
  tls: 'No safe connection to the recipient’s server could be made. Tell the administrator of this relay.',
  protocol:
    'The recipient’s server did not speak SMTP as expected. Send the message again, or tell the recipient’s administrator.',
  unsupported:
    'The recipient’s server cannot take a message of this form. The reason above says what to change.',
  expired:
    'We tried for as long as we may. Send the message again later, or reach the recipient another way.',
  suppressed:
    'The address is on your suppression list, because it bounced or its owner does not want mail. Remove it from your lists.',
  local: 'The relay could not send the message. Tell its administrator.',
  other: 'The reason above may say what to change. If not, tell the administrator of this relay.',
};
