// Many fixed strings found in one pass, the longest at each place (Aho-Corasick, read from the right). Pure.

export type Found = Readonly<{ start: number; end: number; text: string }>;

/** Finds the strings; hits are sorted and do not overlap, the leftmost first and the longest of those. At most `max`. */
export type LiteralSearch = (source: string, max: number) => readonly Found[];

type Node = { children: Map<number, Node>; depth: number; fail: Node | undefined; longest: number };

const TABLE = 256;

/**
 * Compiles a search. Read from the right, the automaton's longest match at a place is the longest string that begins
 * there, so the time is linear in the text, whatever the strings are.
 */
export function searchFor(strings: Iterable<string>): LiteralSearch {
  const root = makeNode(0);
  for (const text of strings) insertReversed(root, text);
  if (root.children.size === 0) return () => [];
  linkFailures(root);
  const first = Array.from({ length: TABLE }, (_, code) => root.children.get(code));
  return (source, max) => leftmost(source, longestFromEach(source, root, first), max);
}

function makeNode(depth: number): Node {
  return { children: new Map(), depth, fail: undefined, longest: 0 };
}

function insertReversed(root: Node, text: string): void {
  let node = root;
  for (let i = text.length - 1; i >= 0; i--) {
    const code = text.charCodeAt(i);
    let child = node.children.get(code);
    if (!child) {
      child = makeNode(node.depth + 1);
      node.children.set(code, child);
    }
    node = child;
  }
  if (node !== root) node.longest = node.depth;
}

function linkFailures(root: Node): void {
  const queue = [...root.children.values()];
  for (const child of queue) child.fail = root;
  for (const node of queue) {
    for (const [code, child] of node.children) {
      child.fail = step(node.fail ?? root, code, root);
      if (child.longest === 0) child.longest = child.fail.longest;
      queue.push(child);
    }
  }
}

function step(from: Node, code: number, root: Node): Node {
  let node = from;
  for (;;) {
    const next = node.children.get(code);
    if (next) return next;
    if (!node.fail) return root;
    node = node.fail;
  }
}

/** Start and length of the longest string at each place that has one, from right to left. */
function longestFromEach(
  source: string,
  root: Node,
  first: readonly (Node | undefined)[],
): readonly number[] {
  const hits: number[] = [];
  let node = root;
  for (let i = source.length - 1; i >= 0; i--) {
    const code = source.charCodeAt(i);
    node = node === root && code < TABLE ? (first[code] ?? root) : step(node, code, root);
    if (node.longest > 0) hits.push(i, node.longest);
  }
  return hits;
}

function leftmost(source: string, hits: readonly number[], max: number): readonly Found[] {
  const found: Found[] = [];
  let from = 0;
  for (let i = hits.length - 2; i >= 0 && found.length < max; i -= 2) {
    const start = hits[i] ?? 0;
    if (start < from) continue;
    from = start + (hits[i + 1] ?? 0);
    found.push({ start, end: from, text: source.slice(start, from) });
  }
  return found;
}
