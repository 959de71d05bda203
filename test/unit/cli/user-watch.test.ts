import { expect, test } from 'vitest';
import { userSchema } from '../../../src/model/settings.ts';
import { applyUserOptions } from '../../../src/cli/user-options.ts';
import { readableUser } from '../../../src/cli/user-show.ts';
import { applyWatch } from '../../../src/cli/user-watch.ts';

const all = {
  bounceRates: '2,3.5,5',
  complaintRates: ' 0.1, 0.3 ,0.5',
  senderAction: 'slow',
  theftAction: 'tell',
  recipientsPerHour: '500',
  volumeJump: '20',
};
const watch = {
  bounces: { warn: 2, slow: 3.5, stop: 5 },
  complaints: { warn: 0.1, slow: 0.3, stop: 0.5 },
  act: 'slow',
  theft: 'tell',
  recipientsPerHour: 500,
  jump: 20,
} as const;

test('every option sets its field, and leaves the others', () => {
  expect(applyWatch(undefined, all)).toEqual({ watch });
  expect(applyWatch(watch, { theftAction: 'off' })).toEqual({ watch: { ...watch, theft: 'off' } });
  expect(applyWatch(watch, {})).toEqual({ watch });
});

test('nothing of its own is left when all is emptied', () => {
  const empty = {
    bounceRates: '',
    complaintRates: '',
    senderAction: '',
    theftAction: '',
    recipientsPerHour: '0',
    volumeJump: '0',
  };
  expect(applyWatch(watch, empty)).toEqual({ watch: undefined });
});

const bad = [
  { bounceRates: '5' },
  { bounceRates: '5,3,2' },
  { bounceRates: '1,2,101' },
  { bounceRates: '1,2,3,4' },
  { bounceRates: ',,' },
  { bounceRates: 'a,b,c' },
  { bounceRates: '-1,2,3' },
  { complaintRates: '0.1,NaN,3' },
  { senderAction: 'hold' },
  { theftAction: 'stop' },
  { recipientsPerHour: '1.5' },
  { volumeJump: 'much' },
];
for (const options of bad)
  test(`${JSON.stringify(options)} is refused`, () =>
    expect(applyWatch(watch, options)).toHaveProperty('problem'));

test('a user that never had any stays one that can be stored', () => {
  const user = userSchema.parse({ v: 1, name: 'shop', origin: 'command' });
  const next = applyUserOptions(user, {});
  expect(userSchema.parse(JSON.parse(JSON.stringify(next)))).toEqual(user);
  expect(applyUserOptions(user, { bounceRates: '1' })).toHaveProperty('problem');
});

test('a problem names its option, and a user shows its thresholds in words', () => {
  expect(applyWatch(undefined, { complaintRates: 'x' })).toEqual({
    problem: '--complaint-rates: x must be three growing percentages, such as 2,3.5,5.',
  });
  const user = userSchema.parse({ v: 1, name: 'bulk', origin: 'command', domains: ['bulk.example'], watch });
  expect(readableUser(user)['watch']).toBe(
    'bounces 2, 3.5, 5 %; complaints 0.1, 0.3, 0.5 %; act slow; theft tell; recipientsPerHour 500; jump 20',
  );
});
