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
import type { PlanWish } from './plan.ts';

/** The tags of a message in each form of text. */
export type Searches = (charset: Charset, form: Form) => TagSearch | undefined;

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
  if (!offers && theirs.size === 0) return () => undefined;
  const replace = instructions.unsubscribeText?.replace;
  const syntaxes: readonly TagSyntax[] = offers ? tagSyntaxes : [...theirs];
  return (charset, form) => {
    const search = tagSearch({ syntaxes, literals, charset, form, unescape: unescapeHtml });
    if (!offers) return search;
    return (source, max) =>
      search(source, max).filter(
        ({ tag }) => theirs.has(tag.syntax) || isOurPage(tag.system) || tag.name === replace,
      );
  };
}

/** True when the message may have a link to unsubscribe. */
export function offersUnsubscribe({ unsubscribe, unsubscribeText }: Instructions): boolean {
  return unsubscribe === true || unsubscribeText !== undefined;
}

/** What each kind of part gets; blocks and pixel go into the first part of a kind. */
export function planWishFor(submission: Submission, merges: boolean, searches: Searches): PlanWish {
  const { instructions, treatment = {} } = submission;
  const header = headerBlock(treatment);
  const footer = footerBlock(instructions, treatment);
  const hasLinks = treatment.linkBase !== undefined;
  const { clicks = 'none', opens, utm } = instructions;
  return {
    mustMerge: merges,
    options: (kind, first, charset): SlotOptions => {
      const form = kind === 'text' ? 'text' : 'html';
      return {
        charset,
        tags: searches(charset, kind === 'text' ? 'plain' : 'html'),
        clicks: hasLinks && (clicks === 'all' || clicks === form),
        utm: utm !== undefined,
        pixel: hasLinks && opens === true && first && kind === 'html',
        ...(first && kind !== 'amp' ? { header: header[form], footer: footer[form] } : {}),
      };
    },
  };
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
  const html = unsubscribeHtml(text.html);
  const plain = text.text?.replace(/<%\s*%>/g, '[unsubscribe_url]');
  return {
    ...some('html', [block.html, html].filter((part) => part !== undefined).join('')),
    ...some('text', [block.text, plain].filter((part) => part !== undefined).join('\r\n')),
  };
}

/** `<% click here %>` becomes a link with that text, `<% %>` one with its address. */
function unsubscribeHtml(html: string | undefined): string | undefined {
  return html?.replace(/<%\s*([^%]*?)\s*%>/g, (_, label: string) => {
    const shown = label === '' ? '[unsubscribe_url]' : label;
    return `<a href="[unsubscribe_url]">${shown}</a>`;
  });
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
