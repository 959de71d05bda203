// What a message said that its template has no place for: told, since nobody sees what is not there. Pure.
import type { Submission } from '../../model/submission.ts';
import { withBlock, type OwnTexts } from './texts.ts';

type Parts = Readonly<{ html?: string | undefined; text?: string | undefined }>;

const MAX_NAME = 64;

/** A note where a message named the place for its own text, and no part of the template has that place. */
export function leftOut(
  { instructions, treatment }: Submission,
  content: Parts,
  own: Pick<OwnTexts, 'html' | 'text'>,
): readonly string[] {
  const block = instructions.template?.block;
  const { template } = treatment ?? {};
  if (block === undefined || !template) return [];
  if (`${own.html ?? ''}${own.text ?? ''}`.trim() === '') return [];
  const parts = [content.html, content.text].filter((part) => part !== undefined);
  const isThere =
    template.engine === 'liquid'
      ? (part: string) => part.includes(block)
      : (part: string) => withBlock(part, block, 'a') !== withBlock(part, block, 'b');
  if (parts.some(isThere)) return [];
  const name = block.length > MAX_NAME ? `${block.slice(0, MAX_NAME)}…` : block;
  return [
    `The template ${template.name} has no place called "${name}", so the message's own text was left out.`,
  ];
}
