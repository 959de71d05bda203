// Words that are looked for in two places at once: whose mail, and what about. Pure.

const MAX_WORDS = 4;

/**
 * How words may be parted between the recipient's address and the subject: "rossi delivery note" and "delivery note
 * rossi" alike. None for one word, and for more than four: so many ways would be slow.
 */
export function partings(asked: string): readonly Readonly<{ recipient: string; subject: string }>[] {
  const words = asked.split(/\s+/u).filter((word) => word !== '');
  if (words.length > MAX_WORDS) return [];
  return words.slice(1).flatMap((_, n) => {
    const [head, tail] = [words.slice(0, n + 1).join(' '), words.slice(n + 1).join(' ')];
    return [
      { recipient: head, subject: tail },
      { recipient: tail, subject: head },
    ];
  });
}
