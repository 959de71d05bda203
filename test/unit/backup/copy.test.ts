// What a backup may hold of Redis: lines that Redis would refuse are known before anything is removed for them.
import { expect, test } from 'vitest';
import { copiedSchema } from '../../../src/backup/copy.ts';

const line = (type: string, values: unknown[], more: object = {}) => ({ key: 'k', type, values, ...more });

test.each<[good: boolean, line: unknown]>([
  [true, line('string', ['x'])],
  [true, line('string', [{ base64: '/w==' }])],
  [true, line('set', ['a', 'b', 'c'])],
  [true, line('list', [])],
  [true, line('hash', ['a', '1', 'b', '2'])],
  [false, line('hash', ['a', '1', 'b'])],
  [true, line('zset', ['a', '1', 'b', '-inf', 'c', '+inf', 'd', '1.5e+9', 'e', '-0.25'])],
  [false, line('zset', ['a', 'nan'])],
  [false, line('zset', ['a', ''])],
  [false, line('zset', ['a', '1 2'])],
  [false, line('zset', ['a', '0x10'])],
  [false, line('zset', ['a', '(1'])],
  [false, line('zset', ['a', { base64: 'MQ==' }])],
  [false, line('zset', ['a'])],
  [false, line('stream', [])],
  [false, line('string', [7])],
  [false, line('string', [{ base64: 'x', more: 1 }])],
  [true, line('string', ['x'], { until: 1 })],
  [false, line('string', ['x'], { until: 0 })],
  [false, line('string', ['x'], { until: 1.5 })],
  [false, line('string', ['x'], { until: '1' })],
  [false, line('string', ['x'], { ttl: 1 })],
  [false, { type: 'string', values: [] }],
  [false, null],
  [false, []],
])('%j: %j', (good, value) => expect(copiedSchema.safeParse(value).success).toBe(good));
