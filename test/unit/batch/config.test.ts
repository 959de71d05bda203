// The batch slice of the configuration: what would do something else than it says is refused.
import { expect, test } from 'vitest';
import { batchConfig } from '../../../src/batch/config.ts';

const places = [{ name: 'here', folder: '/x' }];

test.each(['events', 'bounces', 'statistics'])('%s may be those of a user', (what) => {
  const exports = [{ name: 'x', what, place: 'here', user: 'shop' }];
  expect(batchConfig.safeParse({ places, exports }).success).toBe(true);
});

test.each(['recipients', 'suppressions'])(
  '%s are of the whole account, and no file says otherwise',
  (what) => {
    const exports = [{ name: 'x', what, place: 'here', user: 'shop' }];
    const read = batchConfig.safeParse({ places, exports });
    expect(read.error?.issues).toMatchObject([{ path: ['exports', 0, 'user'] }]);
  },
);
