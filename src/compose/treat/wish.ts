// What is looked for in a message's text, from its instructions and treatment: tags, links, pixel, blocks. Pure.
import { tagSyntaxes, type Block, type Instructions, type TagSyntax } from '../../model/instructions.ts';
import type { Submission } from '../../model/submission.ts';
import type { Treatment } from '../../model/treatment.ts';
import type { SlotOptions } from '../html/slot.ts';
import { unescapeHtml } from '../html/tokens.ts';
import type { Charset, Form } from '../merge/charset.ts';
import { escapeHtml } from '../merge/escape.ts';
import { isOurPage } from '../merge/system.ts';
import { tagSearch, type TagSearch } from '../merge/tags.ts';
import type { Compile } from './compile.ts';
import type { PlanWish } from './plan.ts';

/** The tags of a message in each form of text; `key` says which they are, where they are not the message's alone. */
export type Searches = Readonly<{
  of(charset: Charset, form: Form): TagSearch | undefined;
  key: string | undefined;
}>;

/** Every name of our unsubscribe page has one of these in it. */
const OUR_PAGE = /unsub|asm_|preferences_url/i;
/** What a text must have before a tag of that syntax can be in it. */
const SIGNS: Readonly<Record<TagSyntax, readonly string[]>> = {
  brackets: ['['],
  mailgun: ['%'],
  mailchimp: ['*|'],
  handlebars: ['{{'],
  mailjet: ['{{', '[['],
  literal: ['<%', '&lt;%', '[unsub'],
};

/**
 * Tags are those of the sender's syntaxes, where values are merged; and in every syntax those that stand for our
 * unsubscribe page, where the message is to have one.
 */
export function searchesFor(
  { instructions, treatment }: Submission,
  merges: boolean,
  literals: ReadonlySet<string>,
): Searches {
  const offers = offersUnsubscribe(instructions) && treatment?.linkBase !== undefined;
  const theirs = new Set<TagSyntax>(merges ? (instructions.merge?.syntaxes ?? ['brackets']) : []);
  if (instructions.unsubscribeText?.replace !== undefined) theirs.add('literal');
  const key = literals.size > 0 ? undefined : `${offers ? 'offers' : ''} ${[...theirs].join(' ')}`;
  if (!offers && theirs.size === 0) return { of: () => undefined, key };
  const of = (charset: Charset, form: Form): TagSearch => {
    return (source, max) => {
      const hasOurs = offers && OUR_PAGE.test(source);
      const syntaxes = tagSyntaxes.filter((one) => theirs.has(one) || (hasOurs && hasSign(source, one)));
      if (syntaxes.length === 0) return [];
      const hits = search({ syntaxes, literals, charset, form })(source, max);
      return offers ? hits.filter(({ tag }) => theirs.has(tag.syntax) || isOurPage(tag.system)) : hits;
    };
  };
  return { of, key };
}

function hasSign(source: string, syntax: TagSyntax): boolean {
  return SIGNS[syntax].some((sign) => source.includes(sign));
}

type Wanted = Readonly<{
  syntaxes: readonly TagSyntax[];
  literals: ReadonlySet<string>;
  charset: Charset;
  form: Form;
}>;

/** Searches without texts of the message's own serve all messages. */
const shared = new WeakMap<Charset, Map<string, TagSearch>>();

function search(wanted: Wanted): TagSearch {
  if (wanted.literals.size > 0) return tagSearch({ ...wanted, unescape: unescapeHtml });
  const known = shared.get(wanted.charset) ?? new Map<string, TagSearch>();
  shared.set(wanted.charset, known);
  const key = `${wanted.form} ${wanted.syntaxes.join(' ')}`;
  const found = known.get(key) ?? tagSearch({ ...wanted, unescape: unescapeHtml });
  known.set(key, found);
  return found;
}

/** True when the message may have a link to unsubscribe. */
function offersUnsubscribe({ unsubscribe, unsubscribeText }: Instructions): boolean {
  return unsubscribe === true || unsubscribeText !== undefined;
}

/** What each kind of part gets; blocks and pixel go into the first part of a kind. */
export function planWishFor(
  submission: Submission,
  { merges, searches, compile }: Readonly<{ merges: boolean; searches: Searches; compile: Compile }>,
): PlanWish {
  const { instructions, treatment = {} } = submission;
  const header = headerBlock(treatment);
  const footer = footerBlock(instructions, treatment);
  const hasLinks = treatment.linkBase !== undefined;
  const { clicks = 'none', opens, utm } = instructions;
  return {
    mustMerge: merges && bringsValues(submission),
    compile,
    look: (kind, first, charset) => {
      const form = kind === 'text' ? 'text' : 'html';
      const wanted = {
        clicks: hasLinks && (clicks === 'all' || clicks === form),
        utm: utm !== undefined,
        pixel: hasLinks && opens === true && first && kind === 'html',
        ...(first && kind !== 'amp' ? { header: header[form], footer: footer[form] } : {}),
      };
      const options: SlotOptions = {
        ...wanted,
        charset,
        tags: searches.of(charset, kind === 'text' ? 'plain' : 'html'),
      };
      const parts = [searches.key, numberOf(charset), ...Object.values(wanted)];
      return { options, key: searches.key === undefined ? undefined : JSON.stringify(parts) };
    },
  };
}

const numbers = new WeakMap<Charset, number>();
let charsets = 0;

/** Charsets are objects that are made once: each has a number for as long as it is there. */
function numberOf(charset: Charset): number {
  const number = numbers.get(charset) ?? ++charsets;
  numbers.set(charset, number);
  return number;
}

/** Where only what is known of recipients would be filled in, a text without it is better than none. */
function bringsValues({ instructions, treatment }: Submission): boolean {
  const { fields, recipients, sections, strict } = instructions.merge ?? {};
  return strict === true || (treatment?.template ?? fields ?? recipients ?? sections) !== undefined;
}

function headerBlock({ header }: Treatment): Block {
  return inBoth(header);
}

/** The message's own footer, else the user's, and an unsubscribe text below it. */
function footerBlock(instructions: Instructions, treatment: Treatment): Block {
  const { footer, unsubscribeText } = instructions;
  const block = inBoth(typeof footer === 'object' ? footer : treatment.footer);
  // SendGrid's text is added only where no tag of the body is named for the link.
  const text = unsubscribeText && unsubscribeText.replace === undefined ? unsubscribeText : {};
  return {
    ...some('html', [block.html, text.html].filter((part) => part !== undefined).join('')),
    ...some('text', [block.text, text.text].filter((part) => part !== undefined).join('\r\n')),
  };
}

/** A block that is written as text alone is shown in HTML, too. */
function inBoth(block: Block | undefined): Block {
  const { html, text } = block ?? {};
  if (html !== undefined || text === undefined)
    return { ...(html === undefined ? {} : { html }), ...(text === undefined ? {} : { text }) };
  return { html: `<div>${escapeHtml(text).replace(/\r\n|\r|\n/g, '<br>\r\n')}</div>`, text };
}

function some(key: keyof Block, text: string): Block {
  return text === '' ? {} : { [key]: text };
}
