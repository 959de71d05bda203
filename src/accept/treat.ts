// The treatment of a message, fixed at acceptance: what compose needs of the settings, or that nothing is touched. Pure.
import { domainOf } from '../model/delivery.ts';
import type { Instructions } from '../model/instructions.ts';
import type { Settings, User } from '../model/settings.ts';
import type { Recipient } from '../model/submission.ts';
import type { Treatment } from '../model/treatment.ts';
import { linkBaseOf, type Links } from './links.ts';
import type { HeaderFacts } from './parse.ts';

export type Untreated = Readonly<{
  user: User;
  settings: Pick<Settings, 'domains' | 'templates'>;
  links: Links;
  /** What was granted, all in all. */
  instructions: Instructions;
  /** What the message itself asked for, and what the user's rules and defaults say. */
  asked: Instructions;
  standing: Instructions;
  facts: Pick<HeaderFacts, 'autoReply' | 'contentType' | 'toAndCc'>;
  /** Envelope sender; "" is the null sender. */
  from: string;
  headerFrom: string;
  /** Outside mail that a trusted smart host forwards. */
  isForeign: boolean;
  recipients: readonly Recipient[];
}>;

export type Treated = Readonly<{
  /** Undefined: the message is passed on as it came. */
  treatment: Treatment | undefined;
  /** Values of the recipient store have to be asked for. */
  wantsStored: boolean;
  notes: readonly string[];
}>;

/** Types that a change would break, with why; compose looks at the parts below. */
const SEALED: ReadonlyMap<string, string> = new Map([
  ['multipart/signed', 'it is signed'],
  ['multipart/encrypted', 'it is encrypted'],
  ['application/pkcs7-mime', 'it is signed or encrypted'],
  ['application/x-pkcs7-mime', 'it is signed or encrypted'],
  ['multipart/report', 'it is a report'],
  ['text/calendar', 'it is a calendar entry'],
  ['application/ms-tnef', 'it is in TNEF'],
  ['application/vnd.ms-tnef', 'it is in TNEF'],
]);

/** Says what compose has to do to a message beyond stamping it. */
export function treat(message: Untreated): Treated {
  const why = whyUntouched(message);
  if (why !== undefined) {
    const notes = wantsAny(message.asked) ? [`The message was passed on as it came: ${why}.`] : [];
    return { treatment: undefined, wantsStored: false, notes };
  }
  const { user, settings, instructions, links } = message;
  const linkBase = linkBaseOf(
    instructions.trackingDomain ?? domainOf(message.headerFrom),
    user,
    settings,
    links,
  );
  const has = { links: linkBase !== undefined, mailbox: links.unsubscribeMailbox !== undefined };
  const wantsStored = mergesValues(message);
  const treatment: Treatment = {
    ...(linkBase === undefined ? {} : { linkBase }),
    ...(links.unsubscribeMailbox === undefined ? {} : { unsubscribeMailbox: links.unsubscribeMailbox }),
    ...blocksOf(instructions, user),
    ...templateOf(instructions, user, settings),
    ...(wantsStored ? { mergeHeaders: user.mergeHeaders.map((name) => name.toLowerCase()) } : {}),
    ...ownToOf(message),
  };
  const isNeeded = wantsStored || changes(treatment) || shapes(instructions) || linksIn(instructions, has);
  return {
    treatment: isNeeded ? treatment : undefined,
    wantsStored,
    notes: [...notesOnLinks(message.asked, has), ...notesOnBlocks(message.asked, user)],
  };
}

const changes = ({ header, footer, template, ownTo }: Treatment): boolean =>
  (header ?? footer ?? template ?? ownTo) !== undefined;

function whyUntouched({ from, isForeign, facts }: Untreated): string | undefined {
  if (from === '') return 'it has the null sender';
  if (isForeign) return 'it was forwarded for somebody else';
  if (facts.autoReply) return SEALED.get(facts.contentType) ?? 'it is an automatic reply';
  return SEALED.get(facts.contentType);
}

/** Merge tags are looked for where there are values for them, and where a template, the message or the user wants it. */
function mergesValues({ instructions, standing }: Untreated): boolean {
  const { merge, template } = instructions;
  if (merge?.off) return false;
  if (template !== undefined || bringsValues(merge) || merge?.off === false) return true;
  return (merge && standing.merge) !== undefined;
}

function bringsValues(merge: Instructions['merge']): boolean {
  const hasAny = (values: object | undefined): boolean =>
    values !== undefined && Object.keys(values).length > 0;
  return (
    hasAny(merge?.fields) || hasAny(merge?.recipients) || hasAny(merge?.sections) || merge?.strict === true
  );
}

/** The latest version, unless one was asked for: it stays the same for all attempts. */
function templateOf(
  { template }: Instructions,
  user: User,
  { templates }: Pick<Settings, 'templates'>,
): Pick<Treatment, 'template'> {
  const known = template && templates.get(`${user.account}/${template.name}`);
  const version = template?.version ?? known?.versions.at(-1);
  return known && version !== undefined
    ? { template: { name: template.name, version, engine: known.engine } }
    : {};
}

function blocksOf({ header, footer }: Instructions, user: User): Pick<Treatment, 'header' | 'footer'> {
  const above = header === true ? block(user.header) : undefined;
  const below = footer === true ? block(user.footer) : undefined;
  return { ...(above ? { header: above } : {}), ...(below ? { footer: below } : {}) };
}

/** Recipients that no field names, where those get their own address in To. */
function ownToOf({ instructions, facts, recipients }: Untreated): Pick<Treatment, 'ownTo'> {
  if (instructions.ownBcc !== true || instructions.separate) return {};
  const named = new Set(facts.toAndCc());
  const ownTo = recipients
    .map(({ address }) => address.toLowerCase())
    .filter((address) => !named.has(address));
  return ownTo.length > 0 ? { ownTo } : {};
}

const block = (written: User['header']): User['header'] =>
  written?.html === undefined && written?.text === undefined ? undefined : written;

/** What changes a message without a link or a block of ours. */
function shapes({ footer, utm, separate, inlineCss }: Instructions): boolean {
  return typeof footer === 'object' || utm !== undefined || separate === true || inlineCss === true;
}

type Has = Readonly<{ links: boolean; mailbox: boolean }>;

const tracksClicks = ({ clicks }: Instructions): boolean => clicks !== undefined && clicks !== 'none';

function linksIn(wish: Instructions, has: Has): boolean {
  if (has.links && (wish.opens === true || tracksClicks(wish) || wish.unsubscribeText !== undefined))
    return true;
  return wish.unsubscribe === true && (has.links || has.mailbox);
}

function wantsAny(asked: Instructions): boolean {
  const has = { links: true, mailbox: true };
  return (
    shapes(asked) ||
    linksIn(asked, has) ||
    [asked.header, asked.footer, asked.ownBcc].includes(true) ||
    asked.template !== undefined ||
    (!asked.merge?.off && bringsValues(asked.merge))
  );
}

function notesOnLinks(asked: Instructions, has: Has): readonly string[] {
  if (has.links) return [];
  const wished = [
    asked.opens === true ? 'Opens were not tracked' : undefined,
    tracksClicks(asked) ? 'Clicks were not tracked' : undefined,
    (asked.unsubscribe === true && !has.mailbox) || asked.unsubscribeText !== undefined
      ? 'No unsubscribe link was added'
      : undefined,
  ];
  return wished.flatMap((what) =>
    what === undefined
      ? []
      : [`${what}: links need an address that recipients can reach, and tracking.url is not set.`],
  );
}

function notesOnBlocks({ header, footer }: Instructions, user: User): readonly string[] {
  return [
    ...(header === true && !block(user.header) ? ['No header block was added: this user has none.'] : []),
    ...(footer === true && !block(user.footer) ? ['No footer was added: this user has none.'] : []),
  ];
}
