import { describe, expect, test } from 'vitest';
import {
  ConfigProblem,
  loadConfig,
  parseConfig,
  type Config,
  type Environment,
} from '../../../src/config.ts';

const parse = (text: string, environment: Environment = {}): Config =>
  parseConfig(text, { file: 'relay.yaml', environment });

function problems(text: string, environment: Environment = {}): readonly string[] {
  try {
    parse(text, environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

describe('defaults', () => {
  test('no configuration at all is a good one', () => {
    const config = parse('');
    expect(config).toMatchObject({ redis: 'embedded', durability: 'strict', bodies: 'file', users: [] });
    expect(config.smtp.listeners.map(({ port }) => port)).toEqual([2525, 2465]);
    expect(config.hostname).not.toBe('');
  });

  test('bodies are shared when Redis is', () => expect(parse('redis: redis://r').bodies).toBe('redis'));

  test('our own mail leaves by a pool that is there', () => {
    const transport = '{ name: ip1, address: 192.0.2.1, pool: shop }';
    expect(parse(`transports: [${transport}]`).system.pool).toBe('shop');
  });

  test('a user’s limits are written as people write sizes', () =>
    expect(parse('users: [{ name: u, limits: { messageBytes: 20MB } }]').users[0]?.limits).toEqual({
      messageBytes: 20_000_000,
      over: 'hold',
    }));

  test('feedback is off; with a domain it listens, and the domain is brought to A-labels', () => {
    expect(parse('').feedback).toBeUndefined();
    expect(parse('feedback: { domain: Bücher.Example }').feedback).toEqual({
      domain: 'xn--bcher-kva.example',
      expire: 30 * 86_400_000,
      complaintKeys: [0],
      forwardsPerHour: 200,
      listeners: [{ port: 2526, tls: 'starttls', proxyProtocol: [] }],
      maxConnections: 200,
      maxConnectionsPerIp: 20,
    });
  });

  test('JSON is a configuration, too', () => expect(parse('{"http": {"port": 0}}').http.port).toBe(0));
});

describe('variables', () => {
  test('stand anywhere in a value, with a default or without', () => {
    const config = parse('hostname: mx.${DOMAIN}\ndata: ${DATA:-/var/lib/x}', { DOMAIN: 'a.example' });
    expect([config.hostname, config.data]).toEqual(['mx.a.example', '/var/lib/x']);
  });

  test('become numbers where a number is due, and stay text where text is', () => {
    const config = parse('http: { port: "${PORT}" }\nusers: [{ name: u, password: "${SECRET}" }]', {
      PORT: '99',
      SECRET: '12345',
    });
    expect([config.http.port, config.users[0]?.password]).toEqual([99, '12345']);
  });

  test('cannot bring in YAML of their own', () =>
    expect(parse('hostname: ${X}', { X: 'a, b: {c: "#' }).hostname).toBe('a, b: {c: "#'));

  test('that are empty leave the default', () =>
    expect(parse('adminPassword: ${ADMIN:-}\nredis: "${R:-}"', { R: '' })).toMatchObject({
      redis: 'embedded',
    }));

  test('and a slice of nothing but empty variables is not written', () => {
    expect(parse('feedback: { domain: "${F:-}" }').feedback).toBeUndefined();
    expect(parse('tracking: { url: "${U:-}" }').tracking.url).toBe('http://localhost:8081');
    expect(problems('feedback: { domain: "${F:-}", maxConnections: 5 }')).toHaveLength(1);
    expect(problems('feedback: {}')).toHaveLength(1);
    expect(problems('feedback: { domain: "" }')).toHaveLength(1);
  });

  test('and keys with nothing behind them, too', () =>
    expect(parse('smtp:\nhttp:\n  port:\n').http.port).toBe(8080));

  test('that are not set are a problem, named with its line, beside the others', () => {
    expect(problems('log: { level: loud }\nhostname: ${NOWHERE}')).toEqual([
      'relay.yaml:2:11 names the environment variable NOWHERE, which is not set; set it or write ${NOWHERE:-default}',
      expect.stringMatching(/^relay.yaml:1:15 log.level: /),
    ]);
  });
});

describe('problems', () => {
  test('come all at once, with path and line', () => {
    const found = problems(
      [
        'redis: nonsense',
        'smtp:',
        '  listeners:',
        '    - { port: 99999 }',
        '  speed: 1',
        'users:',
        '  - { name: Shop }',
      ].join('\n'),
    );
    expect(found.map((line) => line.split(': ')[0])).toEqual([
      'relay.yaml:1:8 redis',
      'relay.yaml:4:15 smtp.listeners.0.port',
      'relay.yaml:5:10 smtp.speed',
      'relay.yaml:7:13 users.0.name',
    ]);
  });

  test.each([
    ['not YAML', 'a: [', 'is not YAML'],
    ['a key twice', 'data: a\ndata: b', 'is not YAML'],
    ['an unknown key', 'hots: x', 'hots: is not a key we know'],
    ['a webhook in the file', 'webhooks: { hooks: [] }', 'webhooks.hooks: is not a key we know'],
    ['feedback without a domain', 'feedback: {}', 'feedback.domain: '],
    ['a feedback domain that is none', 'feedback: { domain: "a b" }', 'must be a domain such as'],
    ['a feedback domain of one label', 'feedback: { domain: localhost }', 'must be a domain such as'],
    ['an address for a domain', 'feedback: { domain: 192.0.2.1 }', 'must be a domain such as'],
    ['a very long one', `feedback: { domain: ${'a.'.repeat(80)}example }`, 'at most 150 characters'],
    [
      'feedback without a listener',
      'feedback: { domain: b.example, listeners: [] }',
      'at least one listener',
    ],
    [
      'a password on the feedback listener',
      'feedback: { domain: b.example, listeners: [{ port: 26, allowInsecureAuth: true }] }',
      'feedback.listeners.0.allowInsecureAuth: is not a key we know',
    ],
    [
      'a port that feedback has',
      'feedback: { domain: b.example, listeners: [{ port: 25 }, { port: 2525 }] }',
      'feedback.listeners.1.port: port 2525 is taken by smtp.listeners.0 already',
    ],
    ['a user twice', 'users: [{ name: a }, { name: a }]', 'users.1.name: a is there twice'],
    [
      'a pool that is not there',
      'transports: [{ name: a, address: 192.0.2.1 }]\nusers: [{ name: u, pool: x }]',
      'there is no pool x',
    ],
    ['a transport without an address', 'transports: [{ name: a }]', 'transports.0.address: is missing'],
    ['an address that is none', 'transports: [{ name: a, address: host }]', 'must be an IP address'],
    [
      'a network that is none',
      'users: [{ name: u, networks: [192.0.2.0/33] }]',
      'users.0.networks.0: must be a network',
    ],
    [
      'a port twice',
      'smtp: { listeners: [{ port: 25 }, { port: 25, host: 127.0.0.1 }] }',
      'smtp.listeners.1.port: port 25 is taken',
    ],
    ['a port that the page has', 'smtp: { listeners: [{ port: 8080 }] }', 'http.port: port 8080 is taken'],
    [
      'a retry after the end',
      'delivery: { retry: { steps: [2m, 4d] } }',
      'delivery.retry.steps.1: is not shorter',
    ],
  ])('%s is one', (_, text, message) => expect(problems(text).join('\n')).toContain(message));

  test('ports on different addresses do not clash', () =>
    expect(
      problems('smtp: { listeners: [{ port: 25, host: 127.0.0.1 }, { port: 25, host: 127.0.0.2 }] }'),
    ).toEqual([]));

  test('a named file that is not there is one sentence', () =>
    expect(() => loadConfig({ file: '/nowhere/relay.yaml', environment: {} })).toThrow(
      /cannot be read .* --config/,
    ));
});
