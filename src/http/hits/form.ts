// The body of a POST: a mail provider's one click (RFC 8058), or a form of our page. Pure.
import { fields, type Chosen } from './page.ts';

export type Posted =
  | Readonly<{ kind: 'one-click' }>
  | Readonly<{ kind: 'nothing' }>
  | Readonly<{ kind: 'stop' | 'resume'; chosen: Chosen }>;

/** RFC 8058 §3.1: List-Unsubscribe=One-Click, as multipart/form-data or urlencoded; names and values are read without case. */
const IN_MULTIPART = /name="?list-unsubscribe"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\none-click\r?\n/i;
/** Places in the list of topics; there are 25 at most. */
const PLACE = /^\d{1,3}$/;

/** Reads the body of a POST, of whatever type it says it is. */
export function readPosted(body: string): Posted {
  const form = new URLSearchParams(body);
  if (IN_MULTIPART.test(body) || hasOneClick(form)) return { kind: 'one-click' };
  const kind = form.get(fields.do);
  if (kind !== fields.stop && kind !== fields.resume) return { kind: 'nothing' };
  const topics = form
    .getAll(fields.topic)
    .filter((place) => PLACE.test(place))
    .map(Number);
  return { kind, chosen: { topics: [...new Set(topics)], all: form.has(fields.all) } };
}

function hasOneClick(form: URLSearchParams): boolean {
  return [...form].some(
    ([name, value]) =>
      name.trim().toLowerCase() === 'list-unsubscribe' && value.trim().toLowerCase() === 'one-click',
  );
}
