// Debian's dkimpy: a verifier of DKIM signatures that shares no code with us or with mailauth.
import { spawnSync } from 'node:child_process';
import { records } from './letters.ts';

const python = ['/usr/bin/python3', 'python3'].find(
  (one) => spawnSync(one, ['-c', 'import dkim, nacl']).status === 0,
);

export const hasDkimpy = python !== undefined;
export const dkimpySkipped = hasDkimpy
  ? ''
  : ' (skipped: python3 has no dkim module; install python3-dkim and python3-nacl)';

const SCRIPT = `
import dkim, json, sys
asked = json.load(sys.stdin)
txt = lambda name, timeout=5: asked['dns'].get((name.decode() if isinstance(name, bytes) else name).rstrip('.').lower(), '').encode() or None
answers = []
for text in asked['messages']:
    message = text.encode('latin1')
    found = []
    for index in range(2):
        try: found.append(bool(dkim.DKIM(message).verify(idx=index, dnsfunc=txt)))
        except dkim.DKIMException as error: found.append(str(error))
    answers.append(found)
print(json.dumps(answers))
`;

/** What dkimpy says of the first two signatures of each message: true, false, or its sentence. */
export function dkimpy(messages: readonly Buffer[]): readonly (readonly unknown[])[] {
  const input = JSON.stringify({ dns: records, messages: messages.map((one) => one.toString('latin1')) });
  const { stdout, stderr } = spawnSync(python ?? '', ['-c', SCRIPT], {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout === '' ? [[stderr]] : JSON.parse(stdout);
}
