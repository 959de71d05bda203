// The options of "user add" and "user set" for what a user's messages get: tracking, merging, blocks, topics, rules. Pure.
import { present } from '../lib/present.ts';
import { z } from 'zod';
import { declaredDefaults, declaredRule, duration, mergeHeader, ungranted } from '../config/entries.ts';
import type { Block, Instructions, Merge } from '../model/instructions.ts';
import { campaignPolicies, topicNamesSchema, type User } from '../model/settings.ts';
import { listOf, type Option, type Values } from './command.ts';
import { jsonOf, sayOptionIssues } from './option-values.ts';

export const treatmentOptions: readonly Option[] = [
  { flags: '--track-opens', summary: 'a pixel tells of opens' },
  { flags: '--no-track-opens', summary: 'no pixel' },
  { flags: '--track-clicks <none|all|html|text>', summary: 'links are counted in these parts' },
  { flags: '--merge <on|off|strict>', summary: '[name] is replaced; strict: one without a value bounces' },
  { flags: '--merge-header <field>', summary: 'header field in which tags are replaced, too', many: true },
  { flags: '--header-html <file>', summary: 'block behind <body>, and it is put there; "" removes it' },
  { flags: '--header-text <file>', summary: 'the same for the text' },
  { flags: '--footer-html <file>', summary: 'block before </body>, and it is put there; "" removes it' },
  { flags: '--footer-text <file>', summary: 'the same for the text' },
  { flags: '--header', summary: 'messages get the header block unless they say otherwise' },
  { flags: '--no-header', summary: 'they get it only when they ask for it' },
  { flags: '--footer', summary: 'messages get the footer block unless they say otherwise' },
  { flags: '--no-footer', summary: 'they get it only when they ask for it' },
  { flags: '--unsubscribe', summary: 'List-Unsubscribe and links' },
  { flags: '--no-unsubscribe', summary: 'none, unless a message asks for it' },
  { flags: '--topic <name>', summary: 'what is unsubscribed from; "": all mail' },
  {
    flags: '--topic-name <topic=name>',
    summary: 'what readers see for a topic; replaces all, "": none',
    many: true,
  },
  { flags: '--own-bcc', summary: 'a recipient in no To or Cc gets a copy with its own address in To' },
  { flags: '--no-own-bcc', summary: 'it gets the message as it is' },
  { flags: '--separate', summary: 'every recipient sees only its own address' },
  { flags: '--no-separate', summary: 'recipients see each other as the message says' },
  { flags: '--campaigns <policy>', summary: `what statistics go by: ${campaignPolicies.join(', ')}, none` },
  { flags: '--suppressed <refuse|drop>', summary: 'a suppressed recipient: 550, or taken and dropped' },
  { flags: '--bad-controls <refuse|ignore>', summary: 'a control header that cannot be read: 550, or sent' },
  { flags: '--schedule-ahead <duration>', summary: 'how far ahead it may schedule, such as 30d' },
  {
    flags: '--archive <duration|off>',
    summary: 'how long its messages are kept after their last delivery, such as 30d',
  },
  { flags: '--liquid', summary: 'may use templates written in Liquid' },
  { flags: '--no-liquid', summary: 'may not' },
  { flags: '--bypass-suppression', summary: 'its messages may ask to be sent to suppressed addresses' },
  { flags: '--no-bypass-suppression', summary: 'they may not' },
  { flags: '--default <json>', summary: 'all default instructions at once; "": none' },
  { flags: '--rule <json>', summary: '{"when":{…},"set":{…}}; replaces all rules, "": none', many: true },
];

/** Contents of the files that the options for blocks name, "" to remove one; absent: not given. */
export type BlockTexts = Readonly<{ header: Block; footer: Block }>;

export const noBlocks: BlockTexts = { header: {}, footer: {} };

/** "1234=Newsletter"; the name may hold anything, also commas. */
const topicName = z.string().transform((text, context): readonly [string, string] => {
  const at = text.indexOf('=');
  const [topic, name] = [text.slice(0, Math.max(at, 0)).trim(), text.slice(at + 1).trim()];
  if (topic !== '' && name !== '') return [topic, name];
  context.addIssue({ code: 'custom', message: 'must be a topic and its name, such as 1234=Newsletter' });
  return z.NEVER;
});

const flag = z.boolean().optional();
const given = z.object({
  trackOpens: flag,
  trackClicks: z.enum(['none', 'all', 'html', 'text']).optional(),
  merge: z.enum(['on', 'off', 'strict']).optional(),
  mergeHeader: z.array(mergeHeader).optional(),
  header: flag,
  footer: flag,
  unsubscribe: flag,
  topic: z.string().max(100).optional(),
  topicName: z
    .array(topicName)
    .transform((pairs) => Object.fromEntries(pairs))
    .pipe(topicNamesSchema)
    .optional(),
  ownBcc: flag,
  separate: flag,
  campaigns: z.enum([...campaignPolicies, 'none']).optional(),
  suppressed: z.enum(['refuse', 'drop']).optional(),
  badControls: z.enum(['refuse', 'ignore']).optional(),
  scheduleAhead: duration.optional(),
  archive: z.union([z.literal('off'), duration]).optional(),
  liquid: flag,
  bypassSuppression: flag,
  default: jsonOf(declaredDefaults, {}).optional(),
  rule: z.array(jsonOf(declaredRule)).max(100).optional(),
});

type Given = Readonly<z.infer<typeof given>>;

/** The fields that the options set; the rest of `user` stays. Every problem is told, one per line. */
export function applyTreatment(
  user: User,
  options: Values,
  blocks: BlockTexts,
): User | Readonly<{ problem: string }> {
  const read = given.safeParse({
    ...options,
    mergeHeader: listOf(options, 'mergeHeader'),
    rule: textsIn(options, 'rule'),
    topicName: textsIn(options, 'topicName'),
  });
  if (!read.success) return { problem: sayOptionIssues(read.error) };
  const next = withTreatment(user, read.data, blocks);
  const problems = ungranted(next).map(({ path, message }) => `${path.join('.')} ${message}.`);
  return problems.length > 0 ? { problem: problems.join('\n') } : next;
}

/** Not split at commas, which JSON and names for people have. "" stands for none. */
function textsIn(options: Values, name: 'rule' | 'topicName'): readonly string[] | undefined {
  const texts = options[name];
  return Array.isArray(texts) ? texts.map(String).filter((text) => text.trim() !== '') : undefined;
}

function withTreatment(user: User, options: Given, blocks: BlockTexts): User {
  const {
    header: _header,
    footer: _footer,
    campaigns: _campaigns,
    topicNames: _names,
    archive: _archive,
    ...rest
  } = user;
  const header = withTexts(user.header, blocks.header);
  const footer = withTexts(user.footer, blocks.footer);
  return {
    ...rest,
    defaults: defaultsOf(user, options, blocks),
    rules: options.rule ?? user.rules,
    badControls: options.badControls ?? user.badControls,
    suppressed: options.suppressed ?? user.suppressed,
    scheduleAhead: options.scheduleAhead ?? user.scheduleAhead,
    mergeHeaders: options.mergeHeader ?? user.mergeHeaders,
    liquid: options.liquid ?? user.liquid,
    bypassSuppression: options.bypassSuppression ?? user.bypassSuppression,
    ...(header ? { header } : {}),
    ...(footer ? { footer } : {}),
    ...switchedOff(user, options),
    ...present({ topicNames: namesOf(options.topicName ?? user.topicNames) }),
  };
}

/** What a word of its own takes away again. */
function switchedOff(user: User, options: Given): Pick<User, 'campaigns' | 'archive'> {
  const campaigns = options.campaigns ?? user.campaigns ?? 'none';
  const archive = options.archive ?? user.archive ?? 'off';
  return {
    ...(campaigns === 'none' ? {} : { campaigns }),
    ...(archive === 'off' ? {} : { archive }),
  };
}

/** Undefined when no name is left. */
function namesOf(names: User['topicNames']): User['topicNames'] {
  return names && Object.keys(names).length > 0 ? names : undefined;
}

/** Undefined when no part is left. */
function withTexts(old: Block | undefined, texts: Block): Block | undefined {
  const parts = Object.entries({ ...old, ...texts }).filter(([, text]) => text !== '');
  return parts.length > 0 ? Object.fromEntries(parts) : undefined;
}

function defaultsOf(user: User, options: Given, blocks: BlockTexts): User['defaults'] {
  const before = options.default ?? user.defaults;
  const changes: Instructions = present({
    opens: options.trackOpens,
    clicks: options.trackClicks,
    unsubscribe: options.unsubscribe,
    ownBcc: options.ownBcc,
    separate: options.separate,
    merge: options.merge && mergeOf(before.merge, options.merge),
    // Who gives a block wants it to be seen.
    header: options.header ?? (isGiven(blocks.header) ? true : undefined),
    footer: options.footer ?? (isGiven(blocks.footer) ? true : undefined),
    topic: options.topic,
  });
  const { topic, ...others } = { ...before, ...changes };
  return topic === undefined || topic === '' ? others : { ...others, topic };
}

/** A warning for whoever offers to unsubscribe and names no topic: readers then leave all mail. */
export function sayAllMail({ defaults }: User, options: Values): string {
  const isTold = ['unsubscribe', 'topic', 'default'].some((name) => options[name] !== undefined);
  if (!isTold || defaults.unsubscribe !== true || defaults.topic !== undefined) return '';
  return '\nWarning: there is no topic, so who unsubscribes gets no mail of this account any more, resets and invoices too. Give newsletters a topic: --topic news.';
}

function isGiven({ html = '', text = '' }: Block): boolean {
  return html !== '' || text !== '';
}

/** Which tags are read stays as it was; `[name]` where there were none. */
function mergeOf(old: Merge | undefined, how: 'on' | 'off' | 'strict'): Merge {
  const { off: _off, strict: _strict, syntaxes = ['brackets'], ...rest } = old ?? {};
  if (how === 'off') return { ...rest, syntaxes, off: true };
  return how === 'strict' ? { ...rest, syntaxes, strict: true } : { ...rest, syntaxes };
}
