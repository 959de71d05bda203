// A password for a command: read from standard input, or made.
import { MIN_PASSWORD_CHARS, type Password } from '../verbs/user.ts';
import type { Values } from './command.ts';

/** What "--password-stdin" asks for; a sentence when what comes there is too short. */
export async function choosePassword(
  { readInput }: Readonly<{ readInput(): Promise<string> }>,
  options: Values,
): Promise<Exclude<Password, 'none'> | Readonly<{ problem: string }>> {
  if (options['passwordStdin'] !== true) return 'make';
  const given = (await readInput()).replace(/\r?\n$/, '');
  if (given.length >= MIN_PASSWORD_CHARS) return { given };
  return { problem: `The password on standard input is shorter than ${MIN_PASSWORD_CHARS} characters.` };
}
