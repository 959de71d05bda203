// Answers of Redis: lists and hashes as its client gives them, and whatever else may come.
import { expect, test } from 'vitest';
import { hashIn, textsIn } from '../../../src/lib/answers.ts';

test.each([
  [
    ['a', 'b'],
    ['a', 'b'],
  ],
  [
    [1, Buffer.from('two')],
    ['1', 'two'],
  ],
  [[], []],
  [null, []],
  ['OK', []],
  [7, []],
])('texts in %j', (answer, texts) => expect(textsIn(answer)).toEqual(texts));

test.each([
  [['a', '1', 'b', '2'], { a: '1', b: '2' }],
  [['a', '1', 'b'], { a: '1' }],
  [['__proto__', 'x', 'a', ''], { ['__proto__']: 'x', a: '' }],
  [[], {}],
  [null, {}],
  ['OK', {}],
])('hash in %j', (answer, hash) => expect([...hashIn(answer)]).toEqual(Object.entries(hash)));
