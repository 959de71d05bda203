// Large bodies on their way into Redis, when Redis does not answer.
import { expect, test } from 'vitest';
import { openRedisSpill } from '../../../src/store/spill.ts';

test('a body is given up at once although Redis does not answer', async () => {
  const asked: string[] = [];
  const never = (command: string): Promise<never> => {
    asked.push(command);
    return new Promise(() => undefined);
  };
  const spill = openRedisSpill({ call: never, callBuffer: never, run: () => never('run') }, 'key', 'name');

  await expect(spill.discard()).resolves.toBeUndefined();

  expect(asked).toEqual(['UNLINK']);
});
