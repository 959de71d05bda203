// What a verb refuses, as the API tells it. Pure.
import type { Refusal, Why } from '../verbs/did.ts';
import { problem, type Problem } from './problem.ts';

const STATUS: Readonly<Record<Why, readonly [status: number, title: string]>> = {
  missing: [404, 'Not found'],
  exists: [409, 'Conflict'],
  file: [409, 'Conflict'],
  moved: [409, 'Conflict'],
  used: [409, 'Conflict'],
  idle: [409, 'Conflict'],
  wrong: [422, 'Invalid request'],
};

/** The problem without its hint: that names commands, which say nothing to a program. */
export function refusal({ why, problem: detail }: Refusal): Problem {
  return problem(...STATUS[why], detail);
}
