// The receivers of docs/webhooks.md, run as they are printed, where their language is installed.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeCaller } from '../../../src/lib/call-out.ts';
import { sampleEvent } from '../../../src/webhooks/sample.ts';
import { standard } from '../../../src/webhooks/shapes/standard.ts';
import { freePorts } from '../../support/relay-process.ts';
import { rules, SECRET, until } from '../../support/webhooks.ts';

const page = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'postino-receivers-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const languages = [
  { name: 'node', program: process.execPath, file: 'receiver.mjs', args: (file: string) => [file] },
  {
    name: 'php',
    program: 'php',
    file: 'receiver.php',
    args: (file: string, port: number) => ['-S', `127.0.0.1:${port}`, file],
  },
  { name: 'python', program: 'python3', file: 'receiver.py', args: (file: string) => [file] },
] as const;

const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

describe.each(languages)('$name', ({ name, program, file, args }) => {
  test.skipIf(!isThere(program))(
    'takes what is ours, and refuses what is forged, changed or old',
    async () => {
      const code =
        new RegExp(`<!-- receiver: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '';
      expect(code).not.toBe('');
      const path = join(folder, file);
      writeFileSync(path, code);
      const [port = 0] = await freePorts(1);
      const child = spawn(program, args(path, port), {
        env: { ...process.env, WEBHOOK_SECRET: SECRET, PORT: String(port) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.push(child);
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const { call } = makeCaller(rules, 'closed');
      const url = `http://127.0.0.1:${port}/`;
      await until(async () => (await call({ url, method: 'POST', headers: {}, body: '{}' })).ok, 20_000);
      const status = async (
        change: { at?: number; secrets?: readonly string[]; body?(text: string): string } = {},
      ) => {
        const at = change.at ?? Date.now();
        const events = [sampleEvent('bounced', { account: 'default', at })];
        const made = standard.make({
          id: 'msg_1',
          events,
          url,
          method: 'POST',
          parameters: {},
          secrets: change.secrets ?? [SECRET],
          at,
        });
        const called = await call({ ...made, body: change.body?.(made.body ?? '') ?? made.body });
        return called.ok ? called.status : called.problem;
      };
      const other = `whsec_${Buffer.from('another secret of 32 bytes in all').toString('base64')}`;
      expect(await status()).toBe(204);
      expect(await status({ secrets: [other, SECRET] })).toBe(204);
      expect(await status({ secrets: [other] })).toBe(401);
      expect(await status({ secrets: [] })).toBe(401);
      expect(await status({ body: (text) => text.replace('recipient@', 'somebody@') })).toBe(401);
      expect(await status({ at: Date.now() - 600_000 })).toBe(401);
      expect(said).toContain('bounced recipient@example.net');
    },
  );
});
