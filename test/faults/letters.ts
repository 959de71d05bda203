// Letters that the mail host got, judged by what they say: whose values, whose links, nothing of ours. Pure but for reading them.
import { openSync, readSync } from 'node:fs';
import { isControlField } from '../../src/mail/control.ts';
import type { Tokens } from '../../src/tracking/token.ts';
import type { MxRecord } from './mx.ts';
import { FOOTER, SECRET, TRACKING_HOST, valuesOf } from './treated.ts';

/** Tokens in a letter, as its addresses have them. */
export type Links = Readonly<{
  clicks: readonly string[];
  pixel: string | undefined;
  unsubscribe: string | undefined;
}>;

/** Reads letters out of the mail host's file. */
export function openLetters(path: string): (record: MxRecord) => Buffer {
  let file: number | undefined;
  return ({ offset, bytes }) => {
    file ??= openSync(path, 'r');
    const letter = Buffer.alloc(bytes);
    readSync(file, letter, 0, bytes, offset ?? 0);
    return letter;
  };
}

/** What a reader's program sees; parts in quoted-printable are decoded wherever they are. */
export function readable(letter: Buffer): string {
  const text = letter.toString('latin1');
  if (!/^content-transfer-encoding: *quoted-printable/im.test(text)) return letter.toString('utf8');
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

const CLICK = new RegExp(`https://${TRACKING_HOST}/t/c/([\\w-]+)`, 'g');
const PIXEL = new RegExp(`<img[^>]+src="https://${TRACKING_HOST}/t/o/([\\w-]+)`);
const LISTED = new RegExp(`^list-unsubscribe:[^<]*<https://${TRACKING_HOST}/t/u/([\\w-]+)>`, 'im');

export function linksIn(text: string): Links {
  return {
    clicks: [...text.matchAll(CLICK)].map(([, token = '']) => token),
    pixel: PIXEL.exec(text)?.[1],
    unsubscribe: LISTED.exec(text)?.[1],
  };
}

/** What is wrong with a letter for this address, in a few words each. `key` is "<test id>/<recipient>". */
export function faultsOf(
  letter: Buffer,
  { key, kind }: Pick<MxRecord, 'key' | 'kind'>,
  tokens: Tokens,
): string[] {
  const address = key.slice(key.indexOf('/') + 1);
  const text = readable(letter);
  const leaks = leaksIn(text);
  if (kind === 'signed') return leaks;
  const { name, code } = valuesOf(address);
  const values = new Set(text.match(/for-(?:ok|grey|late)-[\w-]*-\d+(?![\w-])/g) ?? []);
  const inHtml = name.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const wrong = [
    !values.has(code) && 'has no value of its recipient',
    values.size > 1 && `has values of others: ${[...values].filter((one) => one !== code).join(' ')}`,
    !text.includes(inHtml) && 'does not greet its recipient',
    /\[(?:name|code|order)\]|\{\{/.test(text) && 'has a tag left',
    !text.includes(FOOTER) && 'has no footer',
    kind === 'css' && !text.includes('style="color: #333') && 'has no styles in its attributes',
    (text.match(/"https:\/\/shop\.test/g) ?? []).length > 0 && 'has a link that is not tracked',
  ];
  return [...leaks, ...wrong.filter((one) => one !== false), ...badLinks(text, address, tokens)];
}

function leaksIn(text: string): string[] {
  const header = text.slice(0, text.indexOf('\r\n\r\n') + 2);
  const names = [...header.matchAll(/^([^\s:]+):/gm)].map(([, name = '']) => name.toLowerCase());
  const controls = names.filter((name) => isControlField(name));
  return [
    ...(controls.length > 0 ? [`has ${controls.join(' ')}`] : []),
    ...(text.includes(SECRET) ? ['has something of ours in it'] : []),
  ];
}

/** Each must open, and be of this recipient; the order's also has the recipient's value in it. */
function badLinks(text: string, address: string, tokens: Tokens): string[] {
  const { clicks, pixel = '', unsubscribe = '' } = linksIn(text);
  const opened = clicks.map((token) => tokens.openClick(token));
  const targets = opened.map((one) => (typeof one?.target === 'string' ? one.target : ''));
  const { code } = valuesOf(address);
  const isOwn = (one: Readonly<{ recipient: string }> | undefined): boolean => one?.recipient === address;
  const wrong = [
    clicks.length < 2 && 'has fewer than two links',
    !opened.every(isOwn) && "has a link that is not its recipient's",
    !targets.some((target) => target.endsWith(`&r=${code}`)) && 'leads to no order of its recipient',
    !isOwn(tokens.openPixel(pixel)) && 'has no pixel of its recipient',
    !isOwn(tokens.openUnsubscribe(unsubscribe)) && 'cannot be unsubscribed from',
    !/^list-unsubscribe-post: *List-Unsubscribe=One-Click/im.test(text) && 'has no one-click field',
  ];
  return wrong.filter((one) => one !== false);
}
