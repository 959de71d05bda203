// A file of countries in MaxMind's format, made for a test: IPv4 networks and their countries.

type Node = [Node | number, Node | number];
/** Stands for "nothing known". */
const EMPTY = -1;

/** The bytes of an .mmdb that knows these networks, such as { '192.0.2.0/24': 'IT' }. */
export function makeMmdb(countries: Readonly<Record<string, string>>): Buffer {
  const root: Node = [EMPTY, EMPTY];
  const data: Buffer[] = [];
  let size = 0;
  for (const [network, code] of Object.entries(countries)) {
    insert(root, network, size);
    const record = map({ country: map({ iso_code: text(code) }) });
    data.push(record);
    size += record.length;
  }
  const nodes = numbered(root);
  const place = new Map(nodes.map((node, i) => [node, i]));
  const tree = Buffer.alloc(nodes.length * 6);
  nodes.forEach((node, i) => {
    node.forEach((side, s) => {
      const value =
        typeof side === 'number'
          ? side === EMPTY
            ? nodes.length
            : nodes.length + 16 + side
          : (place.get(side) ?? 0);
      tree.writeUIntBE(value, i * 6 + s * 3, 3);
    });
  });
  const metadata = map({
    node_count: number(6, nodes.length),
    record_size: number(5, 24),
    ip_version: number(5, 4),
    database_type: text('Test-Country'),
    languages: Buffer.from([0x00, 0x04]),
    binary_format_major_version: number(5, 2),
    binary_format_minor_version: number(5, 0),
    build_epoch: Buffer.from([0x04, 0x02, 1, 2, 3, 4]),
    description: map({ en: text('test') }),
  });
  const mark = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex');
  return Buffer.concat([tree, Buffer.alloc(16), ...data, mark, metadata]);
}

function insert(root: Node, network: string, value: number): void {
  const [address = '', bits = '32'] = network.split('/');
  const all = address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  const path = all.slice(0, Number(bits)).split('').map(Number);
  const last = path.pop() ?? 0;
  let node = root;
  for (const bit of path) {
    const next = node[bit];
    if (typeof next === 'object') node = next;
    else node = node[bit] = [EMPTY, EMPTY];
  }
  node[last] = value;
}

function numbered(root: Node): readonly Node[] {
  const nodes: Node[] = [root];
  for (const node of nodes) for (const side of node) if (typeof side === 'object') nodes.push(side);
  return nodes;
}

const text = (value: string): Buffer =>
  Buffer.concat([Buffer.from([0x40 + value.length]), Buffer.from(value)]);

/** Types 5 and 6: whole numbers of 16 and 32 bits. */
function number(type: 5 | 6, value: number): Buffer {
  const bytes = Buffer.alloc(type === 5 ? 2 : 4);
  bytes.writeUIntBE(value, 0, bytes.length);
  return Buffer.concat([Buffer.from([type * 32 + bytes.length]), bytes]);
}

function map(entries: Readonly<Record<string, Buffer>>): Buffer {
  const pairs = Object.entries(entries).map(([key, value]) => Buffer.concat([text(key), value]));
  return Buffer.concat([Buffer.from([0xe0 + pairs.length]), ...pairs]);
}
