// A small DNS server for tests: answers over UDP and TCP on 127.0.0.1 from a table of records and failures.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';

/**
 * What a name has. `mx` is a list of [preference, host]; [[0, '']] is the null MX. `fail` answers every question about
 * the name with SERVFAIL or REFUSED, or not at all (drop); `truncate` answers over UDP with TC set, so that the
 * asker comes again by TCP. A name that is not in the table gets NXDOMAIN; one without the asked type NODATA.
 */
export type Records = Readonly<{
  mx?: readonly (readonly [number, string])[];
  a?: readonly string[];
  aaaa?: readonly string[];
  ptr?: readonly string[];
  txt?: readonly string[];
  ns?: readonly string[];
  /** Usage, selector, matching type, data. */
  tlsa?: readonly (readonly [number, number, number, Buffer])[];
  /** Answers carry the AD bit, as those of a validating resolver for a signed zone do. The root is the name "". */
  secure?: boolean;
  cname?: string;
  fail?: 'servfail' | 'refused' | 'drop' | 'nxdomain';
  truncate?: boolean;
  /** Seconds; default 60. */
  ttl?: number;
}>;

export type FakeDns = Readonly<{
  /** Such as "127.0.0.1:54321": goes into `dns.servers`. */
  server: string;
  /** The table; change it at will. Names in lower case without a last dot. */
  table: Map<string, Records>;
  /** Questions so far, such as "MX example.org". */
  questions: string[];
  close(): Promise<void>;
}>;

type Question = Readonly<{ id: number; name: string; type: number; raw: Buffer }>;
type Answer = Readonly<{ type: number; data: Buffer }>;

const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  52: 'TLSA',
};
const AUTHENTIC = 0x0020;
const RCODE = { servfail: 2, nxdomain: 3, refused: 5 } as const;

/** Starts a server with `records`, a table of names. */
export async function startFakeDns(records: Readonly<Record<string, Records>>): Promise<FakeDns> {
  const table = new Map(Object.entries(records));
  const questions: string[] = [];
  const answer = (message: Buffer, via: 'udp' | 'tcp'): Buffer | undefined => {
    const question = parse(message);
    questions.push(`${TYPES[question.type] ?? question.type} ${question.name}`);
    return reply(question, table, via);
  };
  const { udp, tcp, port } = await listen(answer);
  return {
    server: `127.0.0.1:${port}`,
    table,
    questions,
    close: async () => {
      await new Promise<void>((resolve) => udp.close(() => resolve()));
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
    },
  };
}

type Responder = (message: Buffer, via: 'udp' | 'tcp') => Buffer | undefined;

/** UDP and TCP on one port number, which another process may hold for one of the two: then the next. */
async function listen(answer: Responder): Promise<Readonly<{ udp: UdpSocket; tcp: Server; port: number }>> {
  for (;;) {
    const udp = createSocket('udp4');
    udp.on('message', (message, from) => {
      const bytes = answer(message, 'udp');
      if (bytes) udp.send(bytes, from.port, from.address);
    });
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
    const { port } = udp.address();
    const tcp = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => {
        const bytes = answer(chunk.subarray(2), 'tcp');
        if (!bytes) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(bytes.length);
        socket.end(Buffer.concat([length, bytes]));
      });
    });
    const free = await new Promise<boolean>((resolve) => {
      tcp.once('error', () => resolve(false));
      tcp.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (free) return { udp, tcp, port };
    udp.close();
  }
}

function parse(message: Buffer): Question {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = message.readUInt16BE(at + 1);
  return {
    id: message.readUInt16BE(0),
    name: labels.join('.').toLowerCase(),
    type,
    raw: message.subarray(12, at + 5),
  };
}

function reply(
  question: Question,
  table: ReadonlyMap<string, Records>,
  via: 'udp' | 'tcp',
): Buffer | undefined {
  const records = table.get(question.name);
  if (records?.fail === 'drop') return undefined;
  if (records?.fail) return message(question, RCODE[records.fail], []);
  if (!records) return message(question, RCODE.nxdomain, []);
  if (records.truncate && via === 'udp') return message(question, 0, [], true);
  const bytes = message(question, 0, answersFor(records, question.type), false, records.ttl ?? 60);
  if (records.secure) bytes.writeUInt16BE(bytes.readUInt16BE(2) | AUTHENTIC, 2);
  return bytes;
}

const DATA: Readonly<Record<number, (records: Records) => readonly Buffer[] | undefined>> = {
  1: ({ a }) => a?.map((address) => Buffer.from(address.split('.').map(Number))),
  2: ({ ns }) => ns?.map(encodeName),
  12: ({ ptr }) => ptr?.map(encodeName),
  15: ({ mx }) => mx?.map(([preference, host]) => Buffer.concat([uint16(preference), encodeName(host)])),
  16: ({ txt }) => txt?.map(encodeText),
  28: ({ aaaa }) => aaaa?.map(encodeIpv6),
  52: ({ tlsa }) =>
    tlsa?.map(([usage, selector, matching, data]) =>
      Buffer.concat([Buffer.from([usage, selector, matching]), data]),
    ),
};

function answersFor(records: Records, type: number): readonly Answer[] {
  if (records.cname !== undefined) return [{ type: 5, data: encodeName(records.cname) }];
  return (DATA[type]?.(records) ?? []).map((data) => ({ type, data }));
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function message(
  question: Question,
  rcode: number,
  answers: readonly Answer[],
  truncated = false,
  ttl = 60,
): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(0x8180 | (truncated ? 0x0200 : 0) | rcode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  const sections = answers.map(({ type, data }) => {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(0xc00c, 0); // the name of the question
    head.writeUInt16BE(type, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(ttl, 6);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([header, question.raw, ...sections]);
}

function encodeName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ]);
}

/** In strings of at most 255 bytes. */
function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const starts = Array.from({ length: Math.ceil(bytes.length / 255) || 1 }, (_, i) => i * 255);
  const strings = starts.map((start) => bytes.subarray(start, start + 255));
  return Buffer.concat(strings.flatMap((string) => [Buffer.from([string.length]), string]));
}

function encodeIpv6(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const bytes = Buffer.alloc(16);
  [...left, ...zeros, ...right].forEach((group, i) => bytes.writeUInt16BE(Number.parseInt(group, 16), i * 2));
  return bytes;
}
