// What somebody typed into the search, as questions to the API: an address, an id, words, or "name:value". Pure.

/** Fields of the search and what they must be. */
export type Question = Readonly<Record<string, string>>;

/** Fields that may be named: "to:ann@example.net status:bounced". */
const fields: Readonly<Record<string, string>> = {
  to: 'recipient',
  recipient: 'recipient',
  from: 'sender',
  sender: 'sender',
  subject: 'subject',
  id: 'id',
  campaign: 'campaign',
  tag: 'tag',
  status: 'status',
  transport: 'transport',
  provider: 'provider',
  user: 'user',
};

/** Ids are 26 characters of Crockford base32, deliveries have "-1" behind them; their first ten are enough. */
const ID = /^[0-7][0-9A-HJKMNP-TV-Z]{9,25}(?:-\d*)?$/i;
const NAMED = /(\w+):("[^"]*"|\S+)/g;

/** Each question finds some of what may be meant; what they find is shown together. */
export function questionsFor(text: string): readonly Question[] {
  const { named, rest } = partsOf(text);
  return anyOf(rest).map((question) => ({ ...named, ...question }));
}

/** Where nothing has all of the words: what has one of them, as an address often has one of the names only. */
export function looserQuestions(text: string): readonly Question[] {
  const { named, rest } = partsOf(text);
  const words = rest.split(/\s+/).filter((word) => word.length >= SHORTEST);
  if (words.length < 2 || rest.includes('"')) return [];
  return words.slice(0, MOST_WORDS).map((word) => ({ ...named, text: word }));
}

/** The one address that is sought; undefined: it is something else, or a part of one. */
export function addressIn(text: string): string | undefined {
  const { named, rest } = partsOf(text);
  const sought = rest === '' ? (named['recipient'] ?? '') : rest;
  return /^[^\s@"<>]+@[^\s@"<>]+\.[a-z0-9-]{2,}$/i.test(sought) ? sought.toLowerCase() : undefined;
}

const SHORTEST = 3;
const MOST_WORDS = 4;
/** The API takes no longer fields. */
const LONGEST = 500;
/** "Mrs Rossi" is sought as "Rossi". */
const TITLE =
  /^(?:(?:mrs?|ms|miss|mx|dr|prof|sig(?:\.?ra|\.?na)?|signora?|signor|dott(?:\.?ssa)?|dottor|dottoressa|avv|ing)\.?\s+)+(?=\S)/i;

type Parts = Readonly<{ named: Question; rest: string }>;

function partsOf(text: string): Parts {
  const named: Record<string, string> = {};
  const rest = text
    .slice(0, LONGEST)
    .replace(NAMED, (whole: string, name: string, value: string) => {
      const field = fields[name.toLowerCase()];
      if (field === undefined) return whole;
      named[field] = value.replace(/^"|"$/g, '');
      return ' ';
    })
    .trim();
  return { named, rest: rest.replace(TITLE, '') };
}

function anyOf(text: string): readonly Question[] {
  if (text === '') return [{}];
  if (/^<.*>$/.test(text)) return [{ messageId: text }];
  if (ID.test(text)) return [{ id: text.length < 26 ? `${text.toUpperCase()}*` : text.toUpperCase() }];
  if (/^\S*@\S+$/.test(text)) return addressed(text);
  if (/^"[^"]+"$/.test(text)) return [{ text: text.slice(1, -1) }];
  const isOneWord = !/\s/.test(text);
  return isOneWord ? [{ text }, { recipient: `${text.replace(/\*$/, '')}*` }] : [{ text }];
}

/** An address may be the recipient's, the sender's, or a Message-ID without its brackets; "@example.net" is a whole domain. */
function addressed(text: string): readonly Question[] {
  const isWhole = /\.[a-z0-9-]{2,}$/i.test(text);
  const address = isWhole ? text : `${text}*`;
  if (text.startsWith('@')) return [{ recipient: text }, { sender: text }];
  return [{ recipient: address }, { sender: address }, ...(isWhole ? [{ messageId: text }] : [])];
}
