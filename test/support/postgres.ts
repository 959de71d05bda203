// A PostgreSQL server of one's own for a test: unix socket in a temporary folder, as an unprivileged user, fsync off.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TestPostgres = Readonly<{
  /** Folder of its socket. */
  folder: string;
  /** "postgres://postino@/NAME?host=FOLDER" of a new, empty database. */
  database(): string;
  /** Runs SQL as the superuser and answers what it prints. */
  sql(text: string, database?: string): string;
  /** Ends it at once, as a crash does, and starts it again. */
  restart(how?: 'immediate' | 'fast'): void;
  halt(how?: 'immediate' | 'fast'): void;
  start(): void;
  stop(): void;
}>;

const BASE = '/usr/lib/postgresql';

/** Where the newest server's programs are; undefined: not installed. */
export function postgresPrograms(): string | undefined {
  const named = process.env['POSTINO_TEST_POSTGRES'];
  if (named !== undefined) return named;
  if (!existsSync(BASE)) return undefined;
  const newest = readdirSync(BASE).sort((a, b) => Number(b) - Number(a));
  return newest.map((version) => join(BASE, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

/** Why tests that need it are skipped; undefined: it is there. */
export const noPostgres: string | undefined =
  postgresPrograms() === undefined
    ? 'PostgreSQL is not installed (apt-get install postgresql): skipped'
    : undefined;

/** Starts a server; `settings` are lines of postgresql.conf. */
export function startPostgres(settings: readonly string[] = []): TestPostgres {
  const programs = postgresPrograms() ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'postino-pg-'));
  const data = join(folder, 'data');
  // initdb refuses to be root.
  const asUser = process.getuid?.() === 0 ? ownerOf(folder) : [];
  const run = (program: string, args: readonly string[], input = ''): string => {
    const [command = '', ...rest] = [...asUser, join(programs, program), ...args];
    return execFileSync(command, rest, {
      cwd: folder,
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  };
  run('initdb', ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']);
  const lines = [
    "listen_addresses = ''",
    `unix_socket_directories = '${folder}'`,
    'fsync = off',
    'full_page_writes = off',
    'max_connections = 40',
    ...settings,
  ];
  writeFileSync(join(data, 'postgresql.auto.conf'), `${lines.join('\n')}\n`);
  const start = (): void => {
    run('pg_ctl', ['-D', data, '-l', join(folder, 'log'), '-w', '-t', '30', 'start']);
  };
  const halt = (how: 'immediate' | 'fast' = 'immediate'): void => {
    run('pg_ctl', ['-D', data, '-w', '-m', how, 'stop']);
  };
  const sql = (text: string, database = 'postgres'): string =>
    run(
      'psql',
      ['-h', folder, '-U', 'postgres', '-d', database, '-qAtX', '-v', 'ON_ERROR_STOP=1'],
      text,
    ).trim();
  start();
  const endWatch = dieWithUs(data);
  sql('CREATE ROLE postino LOGIN');
  let databases = 0;
  return {
    folder,
    database: () => {
      const name = `test${++databases}`;
      sql(`CREATE DATABASE ${name} OWNER postino`);
      return `postgres://postino@/${name}?host=${encodeURIComponent(folder)}`;
    },
    sql,
    start,
    halt,
    restart: (how) => {
      halt(how);
      start();
    },
    stop: () => {
      try {
        halt();
      } finally {
        endWatch();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Gives the folder to an unprivileged user, and says how to run as that one. */
function ownerOf(folder: string): readonly string[] {
  const user = ['postgres', 'nobody'].find((name) => idOf('-u', name) !== undefined) ?? 'nobody';
  const [uid, gid] = [Number(idOf('-u', user)), Number(idOf('-g', user))];
  chownSync(folder, uid, gid);
  chmodSync(folder, 0o755);
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
}

function idOf(option: string, user: string): string | undefined {
  const { status, stdout } = spawnSync('id', [option, user], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** A test that is killed leaves no server behind: a shell waits for our end of its pipe to close. */
function dieWithUs(data: string): () => void {
  const script = `read line; kill -QUIT "$(head -n 1 '${join(data, 'postmaster.pid')}')"`;
  const watch = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
  watch.unref();
  return () => void watch.kill('SIGKILL');
}
