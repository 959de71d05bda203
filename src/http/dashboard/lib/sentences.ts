// The server's sentences in the viewer's language: the English sentence is the key, and what stands in it is found again. Pure.

/** English sentences, with {1} and {2} for what is put in, and what they are in the other language. */
export type Sentences = Readonly<Record<string, string>>;

export type Translate = (sentence: string) => string;

type Pattern = Readonly<{ match: RegExp; names: readonly string[]; to: string }>;

/** Nobody's sentence is longer; trying patterns on a text takes the square of its length. */
const MAX_LENGTH = 2000;
/** Values that are sentences themselves are translated, too; not much deeper than anybody writes. */
const MAX_DEPTH = 3;
const PLACE = /\{(\d)\}/g;

/** A sentence that is not known stays as it is. */
export function makeTranslate(sentences: Sentences): Translate {
  const known = new Map(Object.entries(sentences));
  // The more a pattern says itself, the earlier it is tried.
  const patterns = [...known]
    .filter(([from]) => /\{\d\}/.test(from))
    .toSorted(([one], [other]) => other.replace(PLACE, '').length - one.replace(PLACE, '').length)
    .map(([from, to]) => patternOf(from, to));
  const translate = (sentence: string, depth: number): string => {
    const exact = known.get(sentence);
    if (exact !== undefined) return exact;
    if (depth > MAX_DEPTH || sentence.length > MAX_LENGTH) return sentence;
    for (const { match, names, to } of patterns) {
      const values = match.exec(sentence)?.slice(1);
      if (values)
        return to.replace(PLACE, (_, name: string) =>
          translate(values[names.indexOf(name)] ?? '', depth + 1),
        );
    }
    return sentence;
  };
  return (sentence) => translate(sentence, 0);
}

function patternOf(from: string, to: string): Pattern {
  const names: string[] = [];
  const source = from
    .split(/(\{\d\})/)
    .map((piece) => {
      const name = /^\{(\d)\}$/.exec(piece)?.[1];
      if (name === undefined) return piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      names.push(name);
      return '(.*?)';
    })
    .join('');
  return { match: new RegExp(`^${source}$`, 's'), names, to };
}
