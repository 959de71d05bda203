// A whole relay with its history in PostgreSQL: commands, API, a restart of the server under it, backup; and TLS and passwords.
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { historyConfig } from '../../../src/history/config.ts';
import { parsePostgresUrl } from '../../../src/history/postgres/address.ts';
import { openPostgresHistory, openPostgresReader } from '../../../src/history/postgres/open.ts';
import type { Event } from '../../../src/model/event.ts';
import { makeStranger } from '../../support/certificates.ts';
import { noPostgres, startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { startRelay, type Relay } from '../../support/relay.ts';
import { message, sendMail } from '../../support/sender.ts';

/** Of its own, so that the usual port is free on it. */
const HOST = '127.0.71.9';
const MAILS = 40;

describe.skipIf(noPostgres !== undefined)('a relay with its history in PostgreSQL', () => {
  let server: TestPostgres;
  let relay: Relay;
  let folder: string;
  let url: string;
  const sent: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postino-postgres-'));
    server = startPostgres([`listen_addresses = '${HOST}'`]);
    url = server.database();
    relay = await startRelay({ config: configOf(url) });
  }, 120_000);
  afterAll(async () => {
    await relay?.close();
    server?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const send = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const recipient = `r${sent.length}@example.net`;
      await sendMail({
        port: relay.ports.plain,
        from: '127.0.0.65',
        mail: 'shop@shop.example',
        rcpt: [recipient],
        data: message(
          ['From: <shop@shop.example>', `To: <${recipient}>`, `Subject: Fattura ${sent.length}`],
          'x\r\n',
        ),
      });
      sent.push(recipient);
    }
  };
  const ask = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await relay.cli([...words, '--json']);
    expect(`${code} ${stderr}`).toBe('0 ');
    // oxlint-disable-next-line no-unsafe-return -- tests look into answers of every command
    return JSON.parse(stdout);
  };
  const ofMail = (): readonly Event[] => relay.events().filter(({ delivery }) => delivery !== '');
  const storedIn = (database: string): number => {
    try {
      return Number(server.sql('SELECT count(*) FROM postino.events', databaseOf(database)));
    } catch {
      return 0; // no tables yet
    }
  };
  const untilStored = async (database = url): Promise<void> => {
    for (let tries = 0; tries < 120; tries++) {
      const done = ofMail().filter(({ type }) => type === 'delivered').length === sent.length;
      if (done && storedIn(database) === ofMail().length) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error('the history is not complete');
  };

  test('is found, told and counted by commands and the API', async () => {
    await send(3);
    await untilStored();
    const [row] = await ask('message', 'search', '--subject', 'fattura 1');
    expect(row).toMatchObject({ recipient: 'r1@example.net', status: 'delivered' });
    expect(await ask('message', 'search', 'fattura', 'r2')).toMatchObject([{ recipient: 'r2@example.net' }]);
    const events: readonly Event[] = await ask('message', 'show', row.submission);
    expect(events.map(({ type }) => type)).toEqual(['accepted', 'delivered']);
    expect((await ask('stats', '--by', 'user', '--since', '1h')).rows).toMatchObject([
      { key: 'shop', accepted: 3, delivered: 3 },
    ]);
    expect(await ask('history', 'status')).toMatchObject({ kind: 'postgresql', deliveries: 3 });
    const { stdout } = await relay.cli(['key', 'add', 'test', '--scope', 'messages:read']);
    const found = await fetch(
      `http://127.0.0.1:${relay.ports.http}/api/v1/messages?recipient=r2@example.net`,
      { headers: { authorization: `Bearer ${/pk_\S+/.exec(stdout)?.[0]}` } },
    );
    expect(await found.json()).toMatchObject({ items: [{ recipient: 'r2@example.net' }] });
  }, 300_000);

  test('is complete and exact after the server was restarted and away while mail went on', async () => {
    await send(MAILS / 4);
    server.restart('immediate');
    await send(MAILS / 4);
    server.halt();
    await send(MAILS / 4);
    const { code, stderr } = await relay.cli(['message', 'search']);
    expect(code).not.toBe(0);
    expect(stderr).toContain('PostgreSQL does not answer.');
    server.start();
    await send(MAILS / 4);
    await untilStored();
    const ids = server.sql(
      "SELECT string_agg(delivery || '.' || name, ' ') FROM postino.events",
      databaseOf(url),
    );
    expect(ids.split(' ').toSorted()).toEqual(
      ofMail()
        .map(({ id }) => id)
        .toSorted(),
    );
    expect((await ask('stats', '--since', '1h')).total).toMatchObject({
      accepted: sent.length,
      delivered: sent.length,
    });
  }, 300_000);

  test('backup and restore say where the history is; what the server lacks is read from the event log', async () => {
    const file = join(folder, 'postino.tar.gz');
    const made = await relay.cli(['backup', file]);
    expect(made.code).toBe(0);
    expect(made.stdout).toContain('The history is not in it either, since it is in postgres:');
    expect((await relay.cli(['backup', `${file}.settings`, '--settings-only'])).stdout).not.toContain(
      'The history',
    );
    await relay.stop();
    const anew = server.database();
    const target = await startRelay({ config: configOf(anew) });
    try {
      await target.stop();
      const restored = await target.cli(['restore', file, '--replace']);
      expect(`${restored.code} ${restored.stderr}`).toBe('0 ');
      expect(restored.stdout).toMatch(/The history in postgres:\S+ is as it was, and is not restored/);
      await target.start();
      await untilStored(anew);
    } finally {
      await target.close();
      await relay.start();
    }
  }, 300_000);

  test('with a wrong password mail goes on, and one sentence says why there is no history', async () => {
    await relay.stop();
    const wrong = await startRelay({ config: configOf(url.replace('postino@', 'nobody:s3cret-17@')) });
    try {
      const [, id] = await Promise.all([
        wrong.cli(['history', 'status']).then(({ code, stderr }) => {
          expect(code).not.toBe(0);
          expect(stderr.trim().split('\n')).toHaveLength(1);
          expect(stderr).toContain('PostgreSQL refuses the name or the password of history.store.');
        }),
        sendMail({
          port: wrong.ports.plain,
          from: '127.0.0.65',
          mail: 'shop@shop.example',
          rcpt: ['ann@example.net'],
          data: message(['From: <shop@shop.example>', 'Subject: on'], 'x\r\n'),
        }),
      ]);
      expect(id.some((reply) => reply.startsWith('250'))).toBe(true);
      for (let tries = 0; tries < 60 && !wrong.events().some(({ type }) => type === 'delivered'); tries++)
        await new Promise((resolve) => setTimeout(resolve, 500));
      expect(wrong.events().map(({ type }) => type)).toContain('delivered');
      expect(wrong.log()).toContain('PostgreSQL refuses the name or the password');
      expect(wrong.log()).not.toContain('s3cret-17');
    } finally {
      await wrong.close();
    }
  }, 300_000);

  test('each way of TLS does what it says, and says in one sentence why it does not', async () => {
    const [ours, stranger] = [await makeStranger(), await makeStranger()];
    const leaf = await ours.leafFor('db.example.net');
    const { uid, gid } = statSync(server.folder);
    const write = (name: string, text: string): string => {
      const path = join(server.folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      chownSync(path, uid, gid);
      return path;
    };
    const roots = { ours: join(folder, 'ours.pem'), stranger: join(folder, 'stranger.pem') };
    writeFileSync(roots.ours, ours.cert);
    writeFileSync(roots.stranger, stranger.cert);
    const on = `postgres://postino:right@${HOST}/${databaseOf(url)}`;
    server.sql("ALTER ROLE postino PASSWORD 'right'");
    const said = async (text: string): Promise<string> => {
      const address = parsePostgresUrl(text);
      if (typeof address === 'string') return address;
      const options = { address, config: historyConfig.parse({}), key: 'a secret', poolSize: 2 };
      const [reader, writer] = [openPostgresReader(options), openPostgresHistory(options)];
      try {
        await reader.search({ limit: 1 });
        await writer.cursor();
        return 'it worked';
      } catch (error) {
        await writer.cursor().catch((other: unknown) => expect(String(other)).toBe(String(error)));
        return String(error);
      } finally {
        await Promise.all([reader.close(), writer.close()]);
      }
    };
    write('pg_hba.conf', 'local all all trust\nhost all all 127.0.0.0/8 scram-sha-256\n');
    server.sql(`ALTER SYSTEM SET hba_file = '${join(server.folder, 'pg_hba.conf')}'`);
    server.restart('fast');
    expect(await said(`${on}?sslmode=disable`)).toBe('it worked');
    expect(await said(on.replace('right', 'wrong'))).toContain('PostgreSQL refuses the name or the password');
    expect(await said(`${on}?sslmode=require`)).toContain('PostgreSQL offers no TLS');
    write('pg_hba.conf', 'local all all trust\nhostssl all all 127.0.0.0/8 scram-sha-256\n');
    server.sql(`ALTER SYSTEM SET ssl_cert_file = '${write('server.crt', leaf.cert)}'`);
    server.sql(`ALTER SYSTEM SET ssl_key_file = '${write('server.key', leaf.key)}'`);
    server.sql('ALTER SYSTEM SET ssl = on');
    server.restart('fast');
    const root = (file: string): string => `sslrootcert=${encodeURIComponent(file)}`;
    for (const [options, expected] of [
      ['sslmode=disable', 'PostgreSQL takes nobody without TLS'],
      ['sslmode=require', 'it worked'],
      [`sslmode=verify-ca&${root(roots.ours)}`, 'it worked'],
      [`sslmode=verify-ca&${root(roots.stranger)}`, 'is not signed by anybody whom history.store trusts'],
      ['sslmode=verify-ca', 'is not signed by anybody whom history.store trusts'],
      [`sslmode=verify-full&${root(roots.ours)}`, 'is for another host than history.store names'],
      [
        `sslmode=verify-full&${root('/nowhere.pem')}`,
        'The file of sslrootcert in history.store cannot be read',
      ],
    ] as const)
      expect([options, await said(`${on}?${options}`)]).toEqual([options, expect.stringContaining(expected)]);
    expect(await said('postgres://postino@nowhere.invalid/x')).toMatch(/host of history\.store is not found/);
  }, 300_000);
});

function configOf(store: string): Readonly<Record<string, unknown>> {
  return {
    history: { store },
    domains: [{ name: 'shop.example' }],
    transports: [{ name: 'box', kind: 'sandbox', pool: 'default' }],
    users: [{ name: 'shop', domains: ['shop.example'], networks: ['127.0.0.65/32'] }],
  };
}

function databaseOf(url: string): string {
  return new URL(url.replace('@/', '@socket/')).pathname.slice(1);
}

test.runIf(noPostgres !== undefined)(`PostgreSQL: ${noPostgres ?? ''}`, () => undefined);
