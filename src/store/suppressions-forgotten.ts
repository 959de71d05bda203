// Suppressions of people who were forgotten: a keyed hash stands for the address, so that it still gets no mail.
import type { Clock } from '../lib/clock.ts';
import type { Redis } from '../lib/script.ts';
import { EVERYWHERE, forgottenMark } from '../model/suppression.ts';
import type { SettingsStore } from './settings.ts';
import type { StoreKeys } from './keys.ts';
import { aliasOf, fieldOf, type Scope, type Suppression } from './suppressions-csv.ts';

/** Whose mail the entry of a forgotten person holds back: that of the installation, of the account, or there of one scope. */
export type HeldBy = 'everywhere' | 'address' | keyof Scope;

/** What a message is about, for looking up who may not get it. */
export type Mail = Scope & Readonly<{ account: string; address: string; bypass: boolean }>;

export type Aliases = Readonly<{
  /** The names under which the address may stand on a list: none when nobody was forgotten there. */
  of(list: string, address: string): readonly string[];
  /** What holds this mail back; undefined at once: nobody was forgotten on these lists. Rejects with RedisTrouble. */
  holdsBack(mail: Mail): Promise<HeldBy | undefined> | undefined;
  /** The entry as it may stay: without the address, and what repeats it. */
  entry(list: string, entry: Suppression): Suppression;
}>;

type AliasDeps = Readonly<{
  redis: Redis;
  keys: StoreKeys;
  clock: Clock;
  settings: Pick<SettingsStore, 'latest'>;
  fingerprint(text: string): string;
}>;

const UNTIL = /"until":(\d+)/;

export function makeAliases({ redis, keys, clock, settings, fingerprint }: AliasDeps): Aliases {
  const alias = (list: string, address: string): string =>
    aliasOf(fingerprint(`suppressed ${list} ${address.toLowerCase()}`));
  // Where the settings are not known, all that could be is looked for.
  const has = (list: string): boolean => settings.latest()?.suppressing.has(forgottenMark(list)) ?? true;
  const stands = (text: unknown): boolean =>
    typeof text === 'string' && Number(UNTIL.exec(text)?.[1] ?? Infinity) > clock.now();

  const lookUp = async ({ account, address, bypass, ...scope }: Mail): Promise<HeldBy | undefined> => {
    const asked = [
      ...(has(EVERYWHERE) ? fieldsIn(EVERYWHERE, alias(EVERYWHERE, address), {}) : []),
      ...(has(account) && !bypass ? fieldsIn(account, alias(account, address), scope) : []),
    ];
    const found = await Promise.all(
      asked.map(({ list, field }) => redis.call('HGET', keys.suppressed(list), field)),
    );
    return asked.find((_, n) => stands(found[n]))?.by;
  };

  return {
    of: (list, address) => (has(list) ? [alias(list, address)] : []),
    holdsBack: (mail) => (has(EVERYWHERE) || has(mail.account) ? lookUp(mail) : undefined),
    entry: (list, { reply: _reply, delivery: _delivery, ...rest }) => ({
      ...rest,
      address: alias(list, rest.address),
      reason: rest.reason.toLowerCase().includes(rest.address) ? 'forgotten' : rest.reason,
    }),
  };
}

type Asked = Readonly<{ list: string; field: string; by: HeldBy }>;

function fieldsIn(list: string, address: string, { topic, user, domain }: Scope): readonly Asked[] {
  if (list === EVERYWHERE) return [{ list, field: fieldOf({ address }), by: 'everywhere' }];
  return [
    { list, field: fieldOf({ address }), by: 'address' },
    ...(topic === undefined ? [] : [{ list, field: fieldOf({ address, topic }), by: 'topic' } as const]),
    ...(user === undefined ? [] : [{ list, field: fieldOf({ address, user }), by: 'user' } as const]),
    ...(domain === undefined ? [] : [{ list, field: fieldOf({ address, domain }), by: 'domain' } as const]),
  ];
}
