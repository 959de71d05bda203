// Whom the unsubscribe page speaks for, and which hosts are served.
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config.ts';
import { domainSchema, userSchema, type Settings } from '../../../src/model/settings.ts';
import { brandOf, topicName, watchHosts } from '../../../src/roles/tracking.ts';

const domain = (name: string, more: object = {}) =>
  [name, domainSchema.parse({ v: 1, name, origin: 'command', ...more })] as const;
const settings: Settings = {
  revision: 1,
  users: new Map(),
  domains: new Map([
    domain('shop.example', {
      trackingHost: 'Click.Shop.example',
      brand: { name: 'The Shop', logo: 'https://l.example/a.png' },
    }),
    domain('named.example', { brand: { name: 'Named' } }),
    domain('plain.example', { trackingHost: 'go.plain.example' }),
    domain('theirs.example', { trackingHost: 'click.theirs.example', account: 'other' }),
    domain('also.example', { trackingHost: 'go.plain.example', account: 'third' }),
  ]),
  pools: new Map(),
  transports: new Map(),
  templates: new Map(),
  suppressing: new Set(),
};
const configOf = (text: string) => parseConfig(text, { file: undefined, environment: {} });

describe('the brand', () => {
  const { tracking } = configOf('tracking: { brand: { name: House, logo: "https://h.example/h.png" } }');
  test.each([
    ['news@shop.example', 'x', { name: 'The Shop', logo: 'https://l.example/a.png' }],
    ['news@mail.Shop.Example', 'x', { name: 'The Shop', logo: 'https://l.example/a.png' }],
    ['news@named.example', 'x', { name: 'Named', logo: undefined }],
    ['news@plain.example', 'x', { name: 'House', logo: 'https://h.example/h.png' }],
    ['', 'click.shop.example', { name: 'The Shop', logo: 'https://l.example/a.png' }],
    ['', 'nobody.example', { name: 'House', logo: 'https://h.example/h.png' }],
    ['x@evilshop.example', 'x', { name: 'House', logo: 'https://h.example/h.png' }],
  ])('of mail from %j on host %s', (sender, host, brand) => {
    expect(brandOf(settings, tracking, { sender, host })).toEqual(brand);
  });

  test('is the domain where nobody says more', () => {
    const { tracking: plain } = configOf('');
    expect(brandOf(settings, plain, { sender: 'a@other.example', host: 'x' }).name).toBe('other.example');
    expect(brandOf(settings, plain, { sender: '', host: 'go.plain.example' }).name).toBe('plain.example');
    expect(brandOf(settings, plain, { sender: '', host: 'x' }).name).toBe('');
  });
});

describe('hosts', () => {
  const hostsOf = (text: string) => watchHosts({ config: configOf(text), settingsNow: () => settings });
  test.each([
    ['click.shop.example', true, true],
    ['go.plain.example', true, true],
    ['shop.example', false, false],
    ['track.example.net', true, true],
    ['localhost', false, false],
    ['127.0.0.1', false, false],
    ['', false, false],
  ])('with an address of its own: %s', (host, tracking, served) => {
    const hosts = hostsOf('tracking: { url: "https://track.example.net" }');
    expect([hosts.isTracking(host), hosts.isServed(host)]).toEqual([tracking, served]);
  });
  test.each([
    ['localhost', true],
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['[::1]', true],
    ['click.shop.example', true],
    ['192.0.2.1', false],
    ['localhost.evil.example', false],
  ])('by default, on this host: %s', (host, served) => {
    expect(hostsOf('').isServed(host)).toBe(served);
    expect(hostsOf('').isTracking(host)).toBe(host === 'click.shop.example');
  });
});

test.each([
  ['click.shop.example', 'default', true],
  ['click.shop.example', 'other', false],
  ['click.theirs.example', 'default', false],
  ['click.theirs.example', 'other', true],
  ['go.plain.example', 'default', true],
  ['go.plain.example', 'third', true],
  ['go.plain.example', 'other', false],
  ['track.example.net', 'other', true],
])('links at %s of account %s: %s', (host, account, may) => {
  const config = configOf('tracking: { url: "https://track.example.net" }');
  expect(watchHosts({ config, settingsNow: () => settings }).mayUse(host, account)).toBe(may);
});

describe('the configuration', () => {
  test('listens on this host alone until links point elsewhere', () => {
    expect(configOf('').tracking).toMatchObject({
      host: '127.0.0.1',
      port: 8081,
      url: 'http://localhost:8081',
      isSecure: false,
    });
    expect(configOf('tracking: { port: 9000 }').tracking.url).toBe('http://localhost:9000');
    expect(configOf('tracking: { url: "https://t.example.net/" }').tracking).toMatchObject({
      host: undefined,
      url: 'https://t.example.net',
    });
    expect(configOf('tracking: { url: "http://localhost:8081", host: 0.0.0.0 }').tracking.host).toBe(
      '0.0.0.0',
    );
    expect(configOf('tracking: { certificate: a, key: b }').tracking).toMatchObject({
      url: 'https://localhost:8081',
      isSecure: true,
    });
    expect(configOf('tracking: { expire: 90d }').tracking.expire).toBe(90 * 86_400_000);
  });

  test.each([
    ['url: "https://t.example.net/path"', 'must be scheme and host'],
    ['url: "ftp://t.example.net"', 'must be scheme and host'],
    ['url: "https://u:p@t.example.net"', 'must be scheme and host'],
    ['url: t.example.net', 'must be scheme and host'],
    ['trustProxy: [all]', 'must be an address or a network'],
    ['trustProxy: ["10.0.0.0/33"]', 'must be an address or a network'],
    ['certificate: a.pem', 'certificate and key belong together'],
    ['expire: soon', 'must be a duration'],
    ['brand: { logo: "http://x.example/a.png" }', 'must be an https address'],
    ['port: 8080', 'port 8080 is taken by http'],
    ['tracking: x', 'is not a key we know'],
  ])('refuses %s', (slice, sentence) => {
    expect(() => configOf(`tracking: { ${slice} }`)).toThrow(sentence);
  });
});

describe('the name of a topic', () => {
  const user = (name: string, more: object) =>
    [name, userSchema.parse({ v: 1, name, origin: 'command', ...more })] as const;
  const users = new Map([
    user('shop', { topicNames: { '1': 'News', own: 'Ours' } }),
    user('blog', { topicNames: { '1': 'Posts', '2': 'Letters' } }),
    user('other', { account: 'other', topicNames: { '3': 'Theirs' } }),
  ]);
  test.each([
    ['shop', '1', 'News'],
    ['blog', '1', 'Posts'],
    ['shop', '2', 'Letters'],
    ['gone', 'own', 'Ours'],
    ['shop', '3', '3'],
    ['other', '3', '3'],
    ['shop', '__proto__', '__proto__'],
    ['shop', 'constructor', 'constructor'],
  ])('in mail of %s, %j is %j', (name, topic, shown) =>
    expect(topicName({ users }, { account: 'default', user: name }, topic)).toBe(shown),
  );
});
