// Names of the keys that the store owns; src/README.md lists them all. Pure.

export type StoreKeys = Readonly<{
  users: string;
  domains: string;
  pools: string;
  transports: string;
  revision: string;
  /** Channel that carries each new revision. */
  changed: string;
  /** Keyed fingerprints of the passwords in the configuration file, so that they are hashed only when they change. */
  declared: string;
  /** Set of accounts that have at least one suppression. */
  suppressing: string;
  suppressed(account: string): string;
  body(account: string, submission: string): string;
  /** `id` is "<account>:<submission>". */
  submission(id: string): string;
  /** A large body that came in chunks. */
  spill(name: string): string;
  /** Hash: name of a spill → "<account>:<submission>" whose body it is. */
  spilled: string;
  /** Caught messages of the sandbox: order, summaries, contents, and their bytes. */
  caught: Readonly<{ order: string; summaries: string; raw: string; bytes: string }>;
}>;

/** The store's keys below `prefix`, such as "postino:". */
export function storeKeys(prefix: string): StoreKeys {
  return {
    users: `${prefix}users`,
    domains: `${prefix}domains`,
    pools: `${prefix}pools`,
    transports: `${prefix}transports`,
    revision: `${prefix}revision`,
    changed: `${prefix}changed`,
    declared: `${prefix}declared`,
    suppressing: `${prefix}suppressing`,
    suppressed: (account) => `${prefix}suppressed:${account}`,
    body: (account, submission) => `${prefix}body:${account}:${submission}`,
    submission: (id) => `${prefix}sub:${id}`,
    spill: (name) => `${prefix}spill:${name}`,
    spilled: `${prefix}spilled`,
    caught: {
      order: `${prefix}caught`,
      summaries: `${prefix}caught:summary`,
      raw: `${prefix}caught:raw`,
      bytes: `${prefix}caught:bytes`,
    },
  };
}
