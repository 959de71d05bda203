import { expect, test } from 'vitest';
import { transportSchema } from '../../../src/model/settings.ts';
import type { Answer, Ask } from '../../../src/monitor/answer.ts';
import { checkIdentity } from '../../../src/monitor/identity.ts';

type Table = Readonly<Record<string, readonly string[] | 'fail'>>;

/** "PTR <name>", "A <name>", "AAAA <name>" → records. */
function askOf(table: Table): Ask {
  const answer = (key: string): Promise<Answer> => {
    const records = table[key];
    if (records === 'fail') return Promise.resolve({ kind: 'failed', code: 'ESERVFAIL' });
    return Promise.resolve(records ? { kind: 'found', records } : { kind: 'nxdomain' });
  };
  return {
    a: (name) => answer(`A ${name}`),
    aaaa: (name) => answer(`AAAA ${name}`),
    ptr: (name) => answer(`PTR ${name}`),
  };
}
const PTR = 'PTR 1.2.0.192.in-addr.arpa';
const good: Table = { [PTR]: ['out1.relay.test'], 'A out1.relay.test': ['192.0.2.1'] };

const transport = (fields: object) =>
  transportSchema.parse({
    v: 1,
    name: 'ip1',
    origin: 'command',
    address: '192.0.2.1',
    ehlo: 'out1.relay.test',
    ...fields,
  });
async function statesOf(table: Table, fields: object = {}): Promise<readonly string[]> {
  const findings = await checkIdentity(transport(fields), 'relay.test', askOf(table));
  return findings.map(({ check, state }) => `${check} ${state}`);
}

const cases: readonly (readonly [string, Table, readonly string[]])[] = [
  ['all fits', good, ['reverse-dns ok', 'ehlo ok']],
  [
    'letters and last dots do not count',
    { ...good, [PTR]: ['OUT1.Relay.test.'] },
    ['reverse-dns ok', 'ehlo ok'],
  ],
  ['no reverse DNS', { ...good, [PTR]: [] }, ['reverse-dns trouble', 'ehlo ok']],
  ['nothing at all', {}, ['reverse-dns trouble', 'ehlo trouble']],
  [
    'a name of the provider that leads back',
    { ...good, [PTR]: ['h1.isp.test'], 'A h1.isp.test': ['192.0.2.1'] },
    ['reverse-dns hint', 'ehlo ok'],
  ],
  [
    'a name that leads elsewhere',
    { ...good, [PTR]: ['h1.isp.test'], 'A h1.isp.test': ['192.0.2.9'] },
    ['reverse-dns trouble', 'ehlo ok'],
  ],
  ['a name that leads nowhere', { ...good, [PTR]: ['h1.isp.test'] }, ['reverse-dns trouble', 'ehlo ok']],
  ['one of several', { ...good, [PTR]: ['a.test', 'out1.relay.test'] }, ['reverse-dns ok', 'ehlo ok']],
  [
    'the EHLO name has more addresses',
    { ...good, 'A out1.relay.test': ['192.0.2.9', '192.0.2.1'] },
    ['reverse-dns ok', 'ehlo ok'],
  ],
  [
    'the EHLO name leads elsewhere',
    { ...good, 'A out1.relay.test': ['192.0.2.9'] },
    ['reverse-dns trouble', 'ehlo trouble'],
  ],
  ['the reverse DNS fails', { ...good, [PTR]: 'fail' }, ['reverse-dns unknown', 'ehlo ok']],
  [
    'the way back fails',
    { [PTR]: ['out1.relay.test'], 'A out1.relay.test': 'fail' },
    ['reverse-dns unknown', 'ehlo unknown'],
  ],
  [
    'the way back of one fails, and another leads nowhere',
    { ...good, [PTR]: ['a.test', 'b.test'], 'A a.test': 'fail' },
    ['reverse-dns unknown', 'ehlo ok'],
  ],
];
for (const [name, table, want] of cases) test(name, async () => expect(await statesOf(table)).toEqual(want));

test('IPv6 is looked at beside IPv4, however it is written', async () => {
  const six = `1${'.0'.repeat(23)}.8.b.d.0.1.0.0.2`;
  const table = {
    ...good,
    [`PTR ${six}.ip6.arpa`]: ['out1.relay.test'],
    'AAAA out1.relay.test': ['2001:DB8:0::1'],
  };
  expect(await statesOf(table, { address6: '2001:db8::1' })).toEqual([
    'reverse-dns ok',
    'ehlo ok',
    'reverse-dns ok',
    'ehlo ok',
  ]);
});

test('without an EHLO name of its own it is the host’s; behind NAT the public address is looked at', async () => {
  const findings = await checkIdentity(
    transport({ ehlo: undefined, address: '10.0.0.1', publicAddress: '192.0.2.1' }),
    'Relay.test',
    askOf(good),
  );
  expect(findings.map(({ address }) => address)).toEqual(['192.0.2.1', '192.0.2.1']);
  expect(findings[1]?.sentence).toMatch(/^relay\.test, which it says in EHLO, does not lead to 192\.0\.2\.1/);
});

test('an address with hundreds of names costs few questions', async () => {
  const names = Array.from({ length: 500 }, (_, n) => `n${n}.test`);
  let questions = 0;
  const { a, ...rest } = askOf({ ...good, [PTR]: names });
  const ask: Ask = {
    ...rest,
    a: (name) => {
      questions++;
      return a(name);
    },
  };
  await checkIdentity(transport({}), 'relay.test', ask);
  expect(questions).toBe(11);
});
