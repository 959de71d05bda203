// Files that commands are given: read with a limit, and what is wrong said in a sentence.
import type { SettingsContext } from './context.ts';
import { reasonOf } from '../lib/reason.ts';

export type FileText = Readonly<{ text: string } | { problem: string }>;

/** The text of a file, or of standard input for "-". */
export async function readText(
  { readInput, readFile }: Pick<SettingsContext, 'readInput' | 'readFile'>,
  file: string,
  maxBytes?: number,
): Promise<FileText> {
  try {
    const text = file === '-' ? await readInput() : await readFile(file, maxBytes);
    if (maxBytes === undefined || Buffer.byteLength(text) <= maxBytes) return { text };
    return { problem: `${file} is larger than ${maxBytes} bytes.` };
  } catch (error) {
    return { problem: `${file} cannot be read (${reasonOf(error)}).` };
  }
}
