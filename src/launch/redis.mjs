// Finds redis-server or valkey-server, or brings one from the machine's package manager.
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { Sentence, alone, findProgram, isExecutable, pathFolders, runQuietly, say } from './shell.mjs';

const SERVERS = ['redis-server', 'valkey-server'];
const QUIET_APT = ['-qq', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=30'];
const INSTALL_LIMIT_MS = 300_000;

/** Whether the configuration leaves Redis to us: `redis:` is absent or says embedded. Pure. */
export function wantsEmbeddedRedis(configText, env) {
  const value = /^(?:redis|\s*"redis")\s*:\s*(.*)$/m.exec(configText)?.[1] ?? '';
  const filled = value.replace(
    /\$\{(\w+)(?::-([^}]*))?\}/g,
    (_, name, standard) => env[name] || standard || '',
  );
  const plain = filled.replace(/\s#.*$/, '').replace(/["',{}\s]/g, '');
  return plain === '' || plain === 'embedded';
}

/** The path of a Redis server that runs on this machine; installs one if need be. */
export async function provideRedis(root, env) {
  const chosen = env.POSTINO_REDIS_SERVER;
  if (chosen && !isExecutable(chosen))
    throw new Sentence(`POSTINO_REDIS_SERVER names ${chosen}, which is not a program that can be run.`);
  return chosen || find(root, env) || alone(root, async () => find(root, env) ?? bring(root, env));
}

/**
 * How to get a Redis server on a machine. `has` tells whether a program is on the PATH. Pure.
 * `run`: commands to run as we are; `unpack`: Debian's packages without installing them; `ask`: a person must.
 */
export function plan({ platform, isRoot, has }) {
  if (has('brew')) return { do: 'run', commands: [['brew', 'install', '--quiet', 'redis']] };
  if (platform === 'linux' && isRoot && has('apt-get'))
    return {
      do: 'run',
      // redis-tools holds the server too; the package redis-server would also start one on port 6379.
      commands: [
        ['apt-get', ...QUIET_APT, 'update'],
        [
          'apt-get',
          ...QUIET_APT,
          '-o',
          'DPkg::Lock::Timeout=120',
          'install',
          '-y',
          '--no-install-recommends',
          'redis-tools',
        ],
      ],
    };
  if (platform === 'linux' && isRoot && has('apk'))
    return { do: 'run', commands: [['sh', '-c', 'apk add --quiet valkey || apk add --quiet redis']] };
  if (platform === 'linux' && isRoot && has('dnf'))
    return { do: 'run', commands: [['sh', '-c', 'dnf install -qy valkey || dnf install -qy redis']] };
  if (platform === 'linux' && has('apt-get') && has('dpkg')) return { do: 'unpack' };
  return { do: 'ask' };
}

/** One sentence with the command that fits the machine. Pure. */
export function askFor({ has }) {
  const command =
    (has('brew') && 'brew install redis') ||
    (has('apt-get') && 'sudo apt-get install redis-server') ||
    (has('apk') && 'sudo apk add valkey') ||
    (has('dnf') && 'sudo dnf install valkey');
  const how = command ? `run "${command}"` : 'install Redis 7 or Valkey with your package manager';
  return `Postino needs redis-server or valkey-server: ${how} and start again, or name your own Redis in config/postino.yaml ("redis: redis://host:6379").`;
}

function find(root, env) {
  return findProgram(SERVERS, [...pathFolders(env), join(root, 'data', 'bin')]);
}

async function bring(root, env) {
  const bin = join(root, 'data', 'bin');
  const has = (name) => findProgram([name], pathFolders(env)) !== undefined;
  const isRoot = process.getuid?.() === 0;
  const steps = plan({ platform: process.platform, isRoot, has });
  makeFolder(bin);
  if (steps.do === 'run' && !linkTools(bin, env)) {
    say('Installing a Redis server (once) …');
    for (const command of steps.commands)
      await runQuietly(command, {
        env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
        limitMs: INSTALL_LIMIT_MS,
      });
    if (!find(root, env)) linkTools(bin, env);
  }
  if (steps.do === 'unpack' && !linkTools(bin, env)) {
    say('Unpacking a Redis server into data/bin (once) …');
    await unpack(bin, env);
  }
  const found = find(root, env);
  const works = found && (await runQuietly([found, '--version'])).ok;
  if (!works) throw new Sentence(askFor({ has }));
  return found;
}

function makeFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new Sentence(
      `Postino cannot write to ${folder} (${error.code}), where its Redis server would go: give the folder to the user that starts Postino.`,
    );
  }
}

/** Debian's redis-check-rdb is the server, which does what the name that it is called by says. */
function linkTools(bin, env) {
  const tool = findProgram(['redis-check-rdb', 'valkey-check-rdb'], pathFolders(env));
  if (!tool) return false;
  const link = join(bin, tool.includes('valkey') ? 'valkey-server' : 'redis-server');
  rmSync(link, { force: true });
  symlinkSync(dirname(tool) === bin ? basename(tool) : tool, link);
  return true;
}

/** Debian without root: apt with lists and a cache of our own, and the packages unpacked beside our data. */
async function unpack(bin, env) {
  const work = mkdtempSync(join(tmpdir(), 'postino-apt-'));
  const tree = join(bin, 'tree');
  try {
    for (const folder of ['lists/partial', 'cache/archives/partial', 'packages'])
      mkdirSync(join(work, folder), { recursive: true });
    const own = [
      '-o',
      `Dir::State::Lists=${work}/lists`,
      '-o',
      `Dir::Cache=${work}/cache`,
      '-o',
      'Debug::NoLocking=1',
    ];
    const apt = (...args) =>
      runQuietly(['apt-get', ...QUIET_APT, ...own, ...args], {
        env,
        cwd: join(work, 'packages'),
        limitMs: INSTALL_LIMIT_MS,
      });
    await apt('update');
    const { text } = await apt('--simulate', 'install', '--no-install-recommends', 'redis-tools');
    await apt('download', ...packagesToInstall(text));
    for (const file of readdirSync(join(work, 'packages')))
      await runQuietly(['dpkg', '-x', join(work, 'packages', file), tree]);
    if (linkTools(join(tree, 'usr', 'bin'), { PATH: join(tree, 'usr', 'bin') })) writeStarter(bin, tree);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The packages that a simulated apt-get would install. Pure. */
export function packagesToInstall(aptText) {
  return [...aptText.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]);
}

/** A starter script that lets the server find the libraries that were unpacked with it, wherever the folder moves. */
function writeStarter(bin, tree) {
  const server = findProgram(SERVERS, [join(tree, 'usr', 'bin')]);
  const libraries = readdirSync(join(tree, 'usr', 'lib'))
    .filter((name) => name.includes('-linux-'))
    .map((name) => `$here/tree/usr/lib/${name}`);
  const starter = join(bin, 'redis-server');
  const lines = [
    '#!/bin/sh',
    'here=$(cd "$(dirname "$0")" && pwd)',
    `LD_LIBRARY_PATH="${libraries.join(':')}" exec "$here/tree/usr/bin/${basename(server)}" "$@"`,
  ];
  writeFileSync(starter, `${lines.join('\n')}\n`);
  chmodSync(starter, 0o755);
}
