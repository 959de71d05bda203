// Domains and those above them.
import { expect, test } from 'vitest';
import { withParents } from '../../../src/mail/domain.ts';

test.each([
  ['a.b.example', ['a.b.example', 'b.example', 'example']],
  ['example', ['example']],
  ['', []],
])('%s and what is above it', (domain, all) => expect(withParents(domain)).toEqual(all));
