// Counts of what happened at the front door, for metrics.

export type CountName =
  | 'connections'
  | 'refusedConnections'
  | 'logIns'
  | 'failedLogIns'
  | 'messages'
  | 'recipients'
  | 'bytes'
  | 'refusedMessages'
  | 'notStored';

export type Tally = Readonly<{
  count(name: CountName, by?: number): void;
  read(): Readonly<Record<CountName, number>>;
}>;

/** Makes a tally with every count at zero. Counts only grow. */
export function makeTally(): Tally {
  const counts = {
    connections: 0,
    refusedConnections: 0,
    logIns: 0,
    failedLogIns: 0,
    messages: 0,
    recipients: 0,
    bytes: 0,
    refusedMessages: 0,
    notStored: 0,
  };
  return {
    count: (name, by = 1) => {
      counts[name] += by;
    },
    read: () => ({ ...counts }),
  };
}
