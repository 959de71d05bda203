// Crockford's base32, most significant character first: the digits of our ids and of what is made of them. Pure.

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The character of a number's last five bits. */
export function base32Digit(bits: number): string {
  return ALPHABET.charAt(bits & 31);
}

/** A whole number from 0 on, in upper case, with zeros in front of it up to `chars` characters. */
export function toBase32(value: number, chars: number): string {
  let rest = value;
  let text = '';
  while (rest > 0 || text.length < chars) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** The number that characters of the alphabet write, in either case. */
export function fromBase32(text: string): number {
  let value = 0;
  for (const char of text.toUpperCase()) value = value * 32 + ALPHABET.indexOf(char);
  return value;
}
