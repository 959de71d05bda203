// The receivers of docs/webhooks.md, run as they are printed, where their language is installed.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeCaller } from '../../../src/lib/call-out.ts';
import { sampleEvent } from '../../../src/webhooks/sample.ts';
import { standard } from '../../../src/webhooks/shapes/standard.ts';
import { freePorts } from '../../support/relay-process.ts';
import { until } from '../../support/until.ts';
import { rules, SECRET } from '../../support/webhooks.ts';

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

type Language = Readonly<{
  name: string;
  program: string;
  file: string;
  args(file: string, port: number): readonly string[];
}>;

/** Starts a receiver as the page has it; its port. Rejects when it ends at once. */
async function run({ name, program, file, args }: Language, secret: string = SECRET): Promise<number> {
  const code =
    new RegExp(`<!-- receiver: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '';
  const path = join(folder, file);
  writeFileSync(path, code);
  const [port = 0] = await freePorts(1);
  const child = spawn(program, args(path, port), {
    env: { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) },
    stdio: 'ignore',
  });
  children.push(child);
  const url = `http://127.0.0.1:${port}/`;
  const { call } = makeCaller(rules, 'closed');
  await until(async () => {
    if (child.exitCode !== null) return true;
    return (await call({ url, method: 'POST', headers: {}, body: '{}' })).ok;
  }, 20_000);
  if (child.exitCode !== null) throw new Error('it ended');
  return port;
}

/** Sends bytes, and gives what comes back within 8 s; `leave` cuts the connection, `stay` sends nothing more. */
function speak(
  port: number,
  bytes: string | Buffer,
  then: 'wait' | 'leave' | 'stay' = 'wait',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      if (then !== 'leave') return;
      setTimeout(() => {
        socket.resetAndDestroy();
        setTimeout(() => resolve(''), 300);
      }, 100);
    });
    socket.once('data', (chunk: Buffer) => {
      socket.destroy();
      resolve(chunk.toString('latin1'));
    });
    socket.once('error', reject);
    socket.once('close', () => then === 'wait' && reject(new Error('closed without an answer')));
    socket.setTimeout(8000, () => socket.destroy(new Error('no answer')));
  });
}

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

  test.skipIf(!isThere(program))('is not harmed by strangers', async () => {
    const port = await run({ name, program, file: `hard-${file}`, args });
    const stamp = Math.floor(Date.now() / 1000);
    const head = `POST / HTTP/1.1\r\nHost: a\r\nwebhook-id: x\r\nwebhook-timestamp: ${stamp}\r\n`;
    const odd = Buffer.from(
      `${head}webhook-signature: v1,${'a'.repeat(43)}\xe9\r\nContent-Length: 2\r\n\r\n{}`,
      'latin1',
    );
    expect(await speak(port, odd)).toMatch(/^HTTP\/1\.[01] 401/);
    await speak(port, `${head}Content-Length: 100\r\n\r\n{`, 'leave');
    // One that sends nothing more holds up nobody, where the language's own server has threads.
    if (name !== 'php')
      void speak(port, `${head}Content-Length: 100\r\n\r\n{`, 'stay').catch(() => undefined);
    expect(await speak(port, `${head}Content-Length: 2\r\n\r\n{}`)).toMatch(/^HTTP\/1\.[01] 401/);
  });

  test.skipIf(!isThere(program))('takes nothing where it was given no secret', async () => {
    const port = await run({ name, program, file: `open-${file}`, args }, 'whsec_').catch(() => undefined);
    if (port === undefined) return; // it did not even start
    const url = `http://127.0.0.1:${port}/`;
    const at = Date.now();
    const events = [sampleEvent('bounced', { account: 'default', at })];
    const empty = {
      id: 'msg_1',
      events,
      url,
      method: 'POST',
      parameters: {},
      secrets: ['whsec_'],
      at,
    } as const;
    expect(await makeCaller(rules, 'closed').call(standard.make(empty))).toMatchObject({ status: 500 });
  });
});
