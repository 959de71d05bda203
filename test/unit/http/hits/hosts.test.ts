// For which host and from whom: fields that strangers write count only when a trusted proxy passes them on.
import { expect, test } from 'vitest';
import { hostOf, makeOrigin } from '../../../../src/http/hits/hosts.ts';

const ask = (peer: string, headers: Record<string, string> = {}) => ({
  peer,
  header: (name: string) => headers[name],
});

test.each([
  ['click.shop.example', 'click.shop.example'],
  ['Click.Shop.Example:8081', 'click.shop.example'],
  ['click.shop.example.', 'click.shop.example'],
  ['[::1]:8081', '[::1]'],
  ['[2001:DB8::1]', '[2001:db8::1]'],
  ['127.0.0.1:80', '127.0.0.1'],
  ['', ''],
  ['a b', ''],
  ['shop.example/evil', ''],
  ['shop.example\r\nx: y', ''],
  ['user@shop.example', ''],
  ['shop.example:80:80', ''],
  [`${'a'.repeat(300)}.example`, ''],
  ['<script>', ''],
])('the host in %j is %j', (field, host) => {
  expect(hostOf(field)).toBe(host);
});

test('without trusted proxies their fields are nobody’s word', () => {
  const originOf = makeOrigin([]);
  const forged = {
    host: 'shop.example',
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-host': 'evil.example',
  };
  expect(originOf(ask('192.0.2.1', forged))).toEqual({ host: 'shop.example', ip: '192.0.2.1' });
  expect(originOf(ask('::ffff:192.0.2.1', forged))).toEqual({ host: 'shop.example', ip: '192.0.2.1' });
});

test.each([
  ['one proxy', '10.0.0.5', '203.0.113.9', '203.0.113.9'],
  ['a visitor who writes the field himself', '10.0.0.5', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
  ['a chain of ours', '10.0.0.5', '203.0.113.9, 10.0.0.7, 2001:db8::5', '203.0.113.9'],
  ['only ours', '10.0.0.5', '10.0.0.7', '10.0.0.5'],
  ['nothing', '10.0.0.5', '', '10.0.0.5'],
  ['no address', '10.0.0.5', 'unknown', '10.0.0.5'],
  ['markup', '10.0.0.5', '<script>', '10.0.0.5'],
  ['a port', '10.0.0.5', '203.0.113.9:4711', '203.0.113.9'],
  ['IPv6 with brackets and port', '10.0.0.5', '[2001:db9::1]:443', '2001:db9::1'],
  ['IPv4 in IPv6', '::ffff:10.0.0.5', '::ffff:203.0.113.9', '203.0.113.9'],
  ['a stranger', '192.0.2.1', '203.0.113.9', '192.0.2.1'],
  ['a proxy by IPv6', '2001:db8::77', '203.0.113.9', '203.0.113.9'],
  ['very many', '10.0.0.5', `${'1.1.1.1, '.repeat(5000)}203.0.113.9`, '203.0.113.9'],
])('%s', (_, peer, forwarded, ip) => {
  const originOf = makeOrigin(['10.0.0.0/8', '2001:db8::/32', '192.0.2.200']);
  expect(originOf(ask(peer, { host: 'h.example', 'x-forwarded-for': forwarded })).ip).toBe(ip);
});

test('a trusted proxy says which host was asked for', () => {
  const originOf = makeOrigin(['127.0.0.1']);
  const headers = { host: 'backend:8081', 'x-forwarded-host': 'Click.Shop.Example, other.example' };
  expect(originOf(ask('127.0.0.1', headers)).host).toBe('click.shop.example');
  expect(originOf(ask('127.0.0.2', headers)).host).toBe('backend');
});
