// Words of subjects, replies and tags as they are stored and searched in PostgreSQL, the same in any language. Pure.
import { partings } from '../partings.ts';
import type { StoredRow } from '../row.ts';
import type { Veil } from '../veil.ts';

/** Between words of a column; in none of them. */
export const BETWEEN = '\u001f';

const MAX_TEXT = 2000;
const MAX_WORD = 100;
const MAX_TAG = 300;
const MAX_ASKED = 20;
const WORD = /[\p{L}\p{N}\p{Co}]+/gu;

/** In small letters, without accents. */
function wordsOf(text: string): readonly string[] {
  const plain = text.slice(0, MAX_TEXT).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return (plain.match(WORD) ?? []).map((word) => word.slice(0, MAX_WORD));
}

/** All words of a delivery by which it is found: the first letter tells where they stand. */
export function storedWords(row: StoredRow, repliesBefore: string | undefined): string {
  const replies = [repliesBefore, row.reply].filter((text) => text !== undefined).join(' ');
  const words = [
    ...wordsOf(row.subject ?? '').map((word) => `s${word}`),
    ...wordsOf(replies).map((word) => `r${word}`),
    ...wordsOf(row.recipient).map((word) => `a${word}`),
    ...(row.tags ?? []).map(tagWord),
  ];
  return [...new Set(words)].join(BETWEEN);
}

function tagWord(tag: string): string {
  return `t${tag.replaceAll(BETWEEN, ' ').slice(0, MAX_TAG)}`;
}

export function tagQuery(tag: string): string {
  return quoted(tagWord(tag));
}

/** Words of the subject, or the one that stands for it as a whole where it is hashed. */
export function subjectQuery(asked: string, veil: Veil): string {
  return either([allOf('s', asked), quoted(`s${veil.subject(asked)}`)]);
}

/** Words of the subject, of what the peer said, or parts of the recipient's address; or parted between recipient and subject. */
export function textQuery(asked: string, veil: Veil): string {
  const parted = partings(asked).map(
    ({ recipient, subject }) => `(${allOf('a', recipient)}) & (${subjectQuery(subject, veil)})`,
  );
  return either([allOf('r', asked), allOf('a', asked), subjectQuery(asked, veil), ...parted]);
}

function either(queries: readonly string[]): string {
  return queries.map((query) => `(${query})`).join(' | ');
}

/** In no text: what is no word is not found. */
const NOTHING = quoted('-');

/** "*" leaves the last letters of a word open. */
function allOf(where: 's' | 'r' | 'a', asked: string): string {
  const parts = asked.match(/[\p{L}\p{N}\p{M}\p{Co}]+\*?/gu) ?? [];
  const terms = parts.slice(0, MAX_ASKED).flatMap((part) => {
    const words = wordsOf(part);
    return words.map((word) => `${quoted(`${where}${word}`)}${part.endsWith('*') ? ':*' : ''}`);
  });
  return terms.length === 0 ? NOTHING : terms.join(' & ');
}

/** As a lexeme in the language of tsquery. */
function quoted(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
