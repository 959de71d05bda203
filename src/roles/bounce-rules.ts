// What replies mean, from config/bounces.yaml.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { bounceRules, type BounceRules } from '../model/classify.ts';
import { findConfig } from './places.ts';

/** Throws when the file that comes with Postino is missing or broken. */
export function readBounceRules(): BounceRules {
  return bounceRules.parse(parse(readFileSync(findConfig('bounces.yaml'), 'utf8')));
}
