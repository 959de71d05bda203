// The files of --header-html and its like: the blocks that a user's messages get.
import type { Block } from '../model/instructions.ts';
import { textOf, type Values } from './command.ts';
import type { SettingsContext } from './context.ts';
import { readText } from './files.ts';
import type { BlockTexts } from './user-treatment.ts';

/** Characters of a block; the settings' schema has the same limit. */
const MAX_CHARS = 16_384;

/** The contents of the files that the options name, or every problem with them. */
export async function readBlocks(
  context: SettingsContext,
  options: Values,
): Promise<BlockTexts | Readonly<{ problem: string }>> {
  const problems: string[] = [];
  const one = async (name: string, flag: string): Promise<string | undefined> => {
    const file = textOf(options, name);
    if (file === undefined || file === '') return file;
    const read = await readText(context, file, MAX_CHARS * 4);
    if ('problem' in read) problems.push(`${flag}: ${read.problem}`);
    else if (read.text.length > MAX_CHARS)
      problems.push(`${flag}: ${file} has more than ${MAX_CHARS} characters.`);
    else return read.text;
    return undefined;
  };
  const block = async (which: 'header' | 'footer'): Promise<Block> => {
    const html = await one(`${which}Html`, `--${which}-html`);
    const text = await one(`${which}Text`, `--${which}-text`);
    return { ...(html === undefined ? {} : { html }), ...(text === undefined ? {} : { text }) };
  };
  const blocks = { header: await block('header'), footer: await block('footer') };
  return problems.length > 0 ? { problem: problems.join('\n') } : blocks;
}
