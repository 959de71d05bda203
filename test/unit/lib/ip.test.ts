// IP addresses: one form for each, and the first groups of IPv6 ones.
import { expect, test } from 'vitest';
import { firstGroups, plainIp } from '../../../src/lib/ip.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::1', '::1'],
  ['', ''],
])('%s is %s', (ip, plain) => expect(plainIp(ip)).toBe(plain));

test.each([
  ['2001:db8:1:2:3:4:5:6', 4, '2001:db8:1:2'],
  ['2001:db8::1', 4, '2001:db8:0:0'],
  ['2001:db8::', 3, '2001:db8:0'],
  ['::1', 3, '0:0:0'],
  ['::', 4, '0:0:0:0'],
  ['1:2:3:4:5:6:7::', 4, '1:2:3:4'],
])('%s begins with %i groups: %s', (ip, count, groups) => expect(firstGroups(ip, count)).toBe(groups));
