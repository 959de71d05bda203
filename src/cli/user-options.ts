// The options of "user add" and "user set", and the fields of a user that they fill. Pure.
import { parseBytes } from '../lib/duration.ts';
import type { Priority } from '../model/instructions.ts';
import type { User } from '../model/settings.ts';
import { listOf, textOf, type Option, type Values } from './command.ts';
import { applyTreatment, noBlocks, treatmentOptions, type BlockTexts } from './user-treatment.ts';
import { applyWatch, watchOptions } from './user-watch.ts';

export const userOptions: readonly Option[] = [
  {
    flags: '--domain <domain>',
    summary: 'may send as this domain ("*.shop.example": its sub-domains)',
    many: true,
  },
  { flags: '--sender <address>', summary: 'may send as this address', many: true },
  { flags: '--network <cidr>', summary: 'needs no password from this network', many: true },
  { flags: '--pool <name>', summary: 'pool its mail leaves by' },
  { flags: '--allow-pool <name>', summary: 'another pool that its messages may choose', many: true },
  { flags: '--priority <1-5>', summary: '1 is the most urgent, 3 the default' },
  { flags: '--max-priority <1-5>', summary: 'the most urgent priority that its messages may ask for' },
  { flags: '--unauthorised-from <reject|rewrite>', summary: 'what to do with a From that is not its own' },
  { flags: '--rewrite-from <address>', summary: 'the From that takes its place' },
  { flags: '--bounce-address <address>', summary: 'replaces a MAIL FROM that is not its own' },
  { flags: '--notifications <sender|off|address>', summary: 'who hears of failures' },
  { flags: '--trusted-smart-host', summary: 'do not check From: for an Exchange that forwards outside mail' },
  { flags: '--no-trusted-smart-host', summary: 'check From again' },
  { flags: '--smart-host-controls', summary: 'follow control headers of a trusted smart host’s own mail' },
  { flags: '--no-smart-host-controls', summary: 'follow none of them' },
  { flags: '--verp', summary: 'return paths of ours, so that bounces are read' },
  { flags: '--no-verp', summary: 'bounces go to the envelope sender' },
  { flags: '--auto-suppress', summary: 'bounces and complaints put recipients on the suppression list' },
  { flags: '--no-auto-suppress', summary: 'they do not' },
  { flags: '--messages-per-hour <n>', summary: '0: no limit' },
  { flags: '--messages-per-day <n>', summary: '0: no limit' },
  { flags: '--recipients-per-message <n>', summary: '0: no limit' },
  { flags: '--message-bytes <size>', summary: 'such as 20MB; 0: no limit of its own' },
  { flags: '--over <hold|refuse>', summary: 'what to do over a limit' },
  ...watchOptions,
  ...treatmentOptions,
];

type Fields = { -readonly [K in keyof User]?: User[K] };

/**
 * The fields that the options set; the rest of `user` stays. Lists are replaced as a whole, "" empties one. `blocks` are the
 * contents of the files that options name.
 */
export function applyUserOptions(
  user: User,
  options: Values,
  blocks: BlockTexts = noBlocks,
): User | Readonly<{ problem: string }> {
  const priority = priorityOf(options, 'priority', user.priority);
  const maxPriority = priorityOf(options, 'maxPriority', user.maxPriority);
  if (priority === undefined || maxPriority === undefined)
    return { problem: 'A priority is a number from 1 (most urgent) to 5.' };
  const limits = limitsOf(user.limits, options);
  if ('problem' in limits) return limits;
  const unauthorisedFrom = oneOf(options, 'unauthorisedFrom', ['reject', 'rewrite'], user.unauthorisedFrom);
  if (unauthorisedFrom === undefined) return { problem: '--unauthorised-from is either reject or rewrite.' };
  const switched = (name: string, old: boolean): boolean => {
    const value = options[name];
    return typeof value === 'boolean' ? value : old;
  };
  const watched = applyWatch(user.watch, options);
  if ('problem' in watched) return watched;
  const next = {
    ...user,
    ...watched,
    ...texts(options),
    domains: listOf(options, 'domain')?.map((domain) => domain.toLowerCase()) ?? user.domains,
    senders: listOf(options, 'sender') ?? user.senders,
    networks: listOf(options, 'network') ?? user.networks,
    pools: listOf(options, 'allowPool') ?? user.pools,
    priority,
    maxPriority,
    limits,
    unauthorisedFrom,
    trustedSmartHost: switched('trustedSmartHost', user.trustedSmartHost),
    smartHostControls: switched('smartHostControls', user.smartHostControls),
    ...chosen(options),
  };
  return applyTreatment(next, options, blocks);
}

/** What stays by its default until somebody says otherwise. */
function chosen({ verp, autoSuppress }: Values): Pick<User, 'verp' | 'autoSuppress'> {
  return {
    ...(typeof verp === 'boolean' ? { verp } : {}),
    ...(typeof autoSuppress === 'boolean' ? { autoSuppress } : {}),
  };
}

function texts(options: Values): Fields {
  const fields: Fields = {};
  const pool = textOf(options, 'pool');
  const rewriteFrom = textOf(options, 'rewriteFrom');
  const bounceAddress = textOf(options, 'bounceAddress');
  const notifications = textOf(options, 'notifications');
  if (pool !== undefined) fields.pool = pool;
  if (rewriteFrom !== undefined) fields.rewriteFrom = rewriteFrom;
  if (bounceAddress !== undefined) fields.bounceAddress = bounceAddress;
  if (notifications !== undefined) fields.notifications = notifications;
  return fields;
}

const limitOptions = ['messagesPerHour', 'messagesPerDay', 'recipientsPerMessage', 'messageBytes'] as const;

function limitsOf(old: User['limits'], options: Values): User['limits'] | Readonly<{ problem: string }> {
  const over = oneOf(options, 'over', ['hold', 'refuse'], old.over);
  if (over === undefined) return { problem: '--over is either hold or refuse.' };
  const limits: User['limits'] = { ...old, over };
  for (const name of limitOptions) {
    const text = textOf(options, name);
    if (text === undefined) continue;
    const value = name === 'messageBytes' ? parseBytes(text) : /^\d+$/.test(text) ? Number(text) : undefined;
    if (value === undefined) return { problem: `${text} is not a number that a limit can be.` };
    if (value === 0) delete limits[name];
    else limits[name] = value;
  }
  return limits;
}

function priorityOf(options: Values, name: string, old: Priority): Priority | undefined {
  const text = textOf(options, name);
  if (text === undefined) return old;
  return ([1, 2, 3, 4, 5] as const).find((value) => String(value) === text);
}

function oneOf<T extends string>(options: Values, name: string, words: readonly T[], old: T): T | undefined {
  const text = textOf(options, name);
  return text === undefined ? old : words.find((word) => word === text);
}
