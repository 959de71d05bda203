// Names of the keys that the store owns; src/README.md lists them all. Pure.

export type StoreKeys = Readonly<{
  users: string;
  domains: string;
  pools: string;
  transports: string;
  /** What is known of templates without their contents, by "<account>/<name>". */
  templates: string;
  /** Last version number that a template's name ever had, by "<account>/<name>"; outlives the template. */
  templateVersions: string;
  /** What the content of a version lies under, without its number. `name` is "<account>/<name>". */
  templateContents(name: string): string;
  revision: string;
  /** Channel that carries each new revision. */
  changed: string;
  /** Keyed fingerprints of the passwords in the configuration file, so that they are hashed only when they change. */
  declared: string;
  /** Set of accounts that have at least one suppression. */
  suppressing: string;
  suppressed(account: string): string;
  /** Sorted set: entries of suppression lists by when they end. */
  suppressionEnds: string;
  /** Soft bounces in a row of a recipient, by what it is called in the account's suppressions. */
  softBounces(account: string, field: string): string;
  /** Recipients of an account by when they were last seen. */
  recipients(account: string): string;
  /** What the key of each recipient of an account begins with; the address in lower case follows. */
  recipient(account: string): string;
  body(account: string, submission: string): string;
  /** A part of links that is too long for them, by its hash. */
  link(hash: string): string;
  /** Bytes of such parts that an account kept on a day. */
  linkBytes(account: string, day: number): string;
  /** Attempts at a delivery that waited for something slow. */
  waits(account: string, delivery: string): string;
  /** `id` is "<account>:<submission>". */
  submission(id: string): string;
  /** Messages that wait for the archive, "<account>:<submission>", by when they ended. */
  archiving: string;
  /** Ended deliveries of a message that the archive will have: id → recipient and pins. */
  ended(id: string): string;
  /** What was sent again of a message: id of a delivery → id of the new message. */
  resent(account: string, submission: string): string;
  /** A large body that came in chunks. */
  spill(name: string): string;
  /** Hash: name of a spill → "<account>:<submission>" whose body it is. */
  spilled: string;
  /** How far each transport's warm-up is, by its name. */
  warmup: string;
  /** What left by a warming transport on a day ("2026-11-25"), by provider. */
  warmed(transport: string, day: string): string;
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
    templates: `${prefix}templates`,
    templateVersions: `${prefix}templates:versions`,
    templateContents: (name) => `${prefix}template:${name}:`,
    revision: `${prefix}revision`,
    changed: `${prefix}changed`,
    declared: `${prefix}declared`,
    suppressing: `${prefix}suppressing`,
    suppressed: (account) => `${prefix}suppressed:${account}`,
    suppressionEnds: `${prefix}suppression-ends`,
    softBounces: (account, field) => `${prefix}soft:${account}:${field}`,
    recipients: (account) => `${prefix}rcpts:${account}`,
    recipient: (account) => `${prefix}rcpt:${account}:`,
    body: (account, submission) => `${prefix}body:${account}:${submission}`,
    link: (hash) => `${prefix}link:${hash}`,
    linkBytes: (account, day) => `${prefix}linked:${account}:${day}`,
    waits: (account, delivery) => `${prefix}waits:${account}:${delivery}`,
    submission: (id) => `${prefix}sub:${id}`,
    archiving: `${prefix}archiving`,
    ended: (id) => `${prefix}ended:${id}`,
    resent: (account, submission) => `${prefix}resent:${account}:${submission}`,
    spill: (name) => `${prefix}spill:${name}`,
    spilled: `${prefix}spilled`,
    warmup: `${prefix}warmup`,
    warmed: (transport, day) => `${prefix}warmed:${transport}:${day}`,
    caught: {
      order: `${prefix}caught`,
      summaries: `${prefix}caught:summary`,
      raw: `${prefix}caught:raw`,
      bytes: `${prefix}caught:bytes`,
    },
  };
}
