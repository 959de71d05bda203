// The names of the backlog's keys in Redis, as src/README.md lists them. Pure.

export type Keys = ReturnType<typeof makeKeys>;

/** Key names; `prefix` begins them all, such as "postino:". A `ref` is "account:delivery". */
export function makeKeys(prefix: string) {
  return {
    prefix,
    submission: (account: string, id: string) => `${prefix}sub:${account}:${id}`,
    body: (account: string, id: string) => `${prefix}body:${account}:${id}`,
    open: (account: string, id: string) => `${prefix}open:${account}:${id}`,
    delivery: (ref: string) => `${prefix}del:${ref}`,
    due: `${prefix}due`,
    hand: (transport: string) => `${prefix}hand:${transport}`,
    lane: (transport: string, site: string) => `${prefix}lane:${transport}:${site}`,
    fair: (transport: string, site: string) => `${prefix}fair:${transport}:${site}`,
    lanes: (transport: string) => `${prefix}lanes:${transport}`,
    lease: (name: string) => `${prefix}lease:${name}`,
    epoch: (name: string) => `${prefix}epoch:${name}`,
    events: `${prefix}events`,
    same: (account: string, fingerprint: string) => `${prefix}same:${account}:${fingerprint}`,
    quota: (account: string, user: string) => `${prefix}quota:${account}:${user}`,
    pauses: `${prefix}pauses`,
    shelf: (pause: string) => `${prefix}shelf:${pause}`,
    carried: `${prefix}carried`,
    resting: `${prefix}resting`,
    /** Held while one process has a message scanned; else why nobody should for now. */
    scanning: (account: string, id: string) => `${prefix}scanning:${account}:${id}`,
    quarantine: `${prefix}quarantine`,
    queues: `${prefix}q`,
  } as const;
}

/** Account and delivery id of a ref. */
export function splitRef(ref: string): Readonly<{ account: string; id: string; submission: string }> {
  const colon = ref.indexOf(':');
  const id = ref.slice(colon + 1);
  return { account: ref.slice(0, colon), id, submission: id.slice(0, id.lastIndexOf('-')) };
}
