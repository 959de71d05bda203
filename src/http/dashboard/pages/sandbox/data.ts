// What the sandbox answers: the list of caught messages, and one of them as it was read.

export const BASE = '/api/v1/sandbox';

export type CaughtEntry = Readonly<{
  id: string;
  at: number;
  from: string;
  to: string;
  subject: string;
  size: number;
  user: string;
}>;

/** A link of a message; `oddity` says what a reader should know before following it. */
export type FoundLink = Readonly<{
  url: string;
  /** What it says; absent: the address stood in the text. */
  text?: string;
  oddity?: 'insecure' | 'not-a-link' | 'elsewhere' | 'local';
}>;

export type CaughtView = Readonly<{
  headers: readonly Readonly<{ name: string; value: string }>[];
  subject: string;
  from: string;
  to: string;
  cc: string;
  text?: string;
  /** Whether it has HTML, and whether that names things on other hosts. */
  html: boolean;
  remote: boolean;
  /** Something was left out because it is too long. */
  cut: boolean;
  attachments: readonly Readonly<{ name: string; type: string; size: number }>[];
  links: readonly FoundLink[];
}>;

export type Caught = CaughtEntry & Readonly<{ view?: CaughtView; problem?: string }>;

/** The address that a browser would open for a link; undefined: none that we let it. */
export function opensAs({ url }: FoundLink): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed.href : undefined;
}
