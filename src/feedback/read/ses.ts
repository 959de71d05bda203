// Notices of Amazon SES that come as mail through SNS: JSON in a text, broken over lines. Pure.
import type { Opened } from './open.ts';
import type { Report } from './report.ts';

/** The report in the text; undefined when there is none. */
export function sesReport(_opened: Opened): Report | undefined {
  return undefined;
}
