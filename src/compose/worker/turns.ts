// A queue in which owners take turns, so that one who asks for much delays himself only. Pure.

export type Turns<T> = Readonly<{
  add(owner: string, item: T): void;
  next(): T | undefined;
  /** Items of all, or of one owner. */
  size(owner?: string): number;
}>;

/** Makes an empty queue. */
export function makeTurns<T>(): Turns<T> {
  const queues = new Map<string, T[]>();
  let size = 0;
  return {
    add: (owner, item) => {
      size++;
      const queue = queues.get(owner);
      if (queue) queue.push(item);
      else queues.set(owner, [item]);
    },
    next: () => {
      const [first] = queues;
      if (first === undefined) return undefined;
      const [owner, queue] = first;
      const item = queue.shift();
      size--;
      queues.delete(owner);
      if (queue.length > 0) queues.set(owner, queue); // at the end of the Map
      return item;
    },
    size: (owner) => (owner === undefined ? size : (queues.get(owner)?.length ?? 0)),
  };
}
