// Mandrill's conditions as they are written between the bars: IF:AGE >= 18, ELSEIF:CITY=Rome, ELSE:, END:IF. Pure.

export type Condition = Readonly<{
  kind: 'if' | 'elseif';
  name: string;
  /** IFNOT. */
  not?: boolean;
  /** Absent: there is a value. */
  operator?: string;
  value?: string;
}>;
export type Branch = Condition | Readonly<{ kind: 'else' | 'end' }>;

const WRITTEN = /^(if|ifnot|elseif):\s*([\w-]{1,64})\s*(?:(!=|>=|<=|=|>|<)\s*(.*?))?\s*$/i;

/** Undefined when it is none that we know. */
export function readBranch(text: string): Branch | undefined {
  if (/^else:?$/i.test(text)) return { kind: 'else' };
  if (/^end:if$/i.test(text)) return { kind: 'end' };
  const [, word = '', name, operator, value] = WRITTEN.exec(text) ?? [];
  if (name === undefined) return undefined;
  return {
    kind: word.toLowerCase() === 'elseif' ? 'elseif' : 'if',
    name,
    ...(word.toLowerCase() === 'ifnot' ? { not: true } : {}),
    ...(operator === undefined ? {} : { operator, value: bare(value ?? '') }),
  };
}

/** Quotes around a value are not a part of it. */
function bare(value: string): string {
  return /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
}
