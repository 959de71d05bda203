// What the launcher decides: is everything installed, which Node, where Redis comes from, what is run.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

type Packages = Readonly<{ packages: Record<string, object> }>;
type Machine = Readonly<{ platform?: string; isRoot?: boolean; has: (name: string) => boolean }>;
type Ask = Readonly<{ tool?: string; rest: string[]; redis?: boolean; config?: string }>;

// The launcher is plain JavaScript without declarations; these are the types that its tests rely on.
const load = (file: string): Promise<unknown> => import(pathToFileURL(join('src', file)).href);
const { HEAP, readArguments, environment, nodeArguments } = (await load('launch.mjs')) as {
  HEAP: readonly string[];
  readArguments: (args: string[]) => Ask;
  environment: (
    env: object,
    choice: { node: string; redis?: string; tool: boolean },
  ) => Record<string, string>;
  nodeArguments: (ask: Ask, watch?: string) => string[];
};
const { satisfies } = (await load('launch/dependencies.mjs')) as {
  satisfies: (lock: Packages, installed: Packages, dev: boolean) => boolean;
};
const { fits, canHaveNode } = (await load('launch/node.mjs')) as {
  fits: (version: string) => boolean;
  canHaveNode: (running: object) => string;
};
const { wantsEmbeddedRedis, plan, askFor, packagesToInstall } = (await load('launch/redis.mjs')) as {
  wantsEmbeddedRedis: (text: string, env: Record<string, string>) => boolean;
  plan: (machine: Machine) => { do: string; commands?: string[][] };
  askFor: (machine: Machine) => string;
  packagesToInstall: (text: string) => string[];
};

describe('the dependencies are installed again', () => {
  const one = { version: '1.0.0', integrity: 'sha512-a' };
  const lock = (more: object) => ({ packages: { '': {}, 'node_modules/a': one, ...more } });
  const cases = [
    ['not when everything is there', lock({}), lock({}), true],
    ['when a package is missing', lock({ 'node_modules/b': one }), lock({}), false],
    ['when a version differs', lock({}), lock({ 'node_modules/a': { ...one, version: '2.0.0' } }), false],
    ['when the bytes differ', lock({}), lock({ 'node_modules/a': { ...one, integrity: 'sha512-b' } }), false],
    [
      'not for what belongs to another platform',
      lock({ 'node_modules/b': { ...one, optional: true } }),
      lock({}),
      true,
    ],
    ['not for development tools, to run', lock({ 'node_modules/b': { ...one, dev: true } }), lock({}), true],
    ['not for what a manual install added', lock({}), lock({ 'node_modules/extra': one }), true],
  ] as const;
  test.each(cases)('%s', (_name, wanted, installed, expected) => {
    expect(satisfies(wanted, installed, false)).toBe(expected);
  });

  test('when the development tools are missing, to test', () => {
    expect(satisfies(lock({ 'node_modules/b': { ...one, dev: true } }), lock({}), true)).toBe(false);
  });
});

describe('Node', () => {
  test.each(['24.15.0', '24.21.0', '26.0.0'])('%s runs Postino', (version) =>
    expect(fits(version)).toBe(true),
  );
  test.each(['20.20.2', '22.23.3', '24.14.9', '8.0.0'])('%s does not', (version) =>
    expect(fits(version)).toBe(false),
  );

  const running = (version: string, platform: string, glibc?: string) => ({
    versions: { node: version },
    platform,
    arch: 'x64',
    report: { getReport: () => ({ header: { glibcVersionRuntime: glibc } }) },
  });

  test('is taken as it is when new enough, on every platform', () => {
    expect(canHaveNode(running('24.21.0', 'darwin'))).toBe('own');
  });

  test('comes with the dependencies on a Linux with glibc', () => {
    expect(canHaveNode(running('20.20.2', 'linux', '2.36'))).toBe('bundled');
  });

  test.each([
    ['darwin', undefined],
    ['linux', undefined],
  ])('is asked for in one sentence where no package has it (%s, glibc %s)', (platform, glibc) => {
    expect(() => canHaveNode(running('20.20.2', platform, glibc))).toThrow(
      /^Postino needs Node 24\.15 or newer, and this is 20\.20\.2: install it .* and start again\.$/,
    );
  });
});

describe('a Redis server is provided', () => {
  const cases: readonly (readonly [string, string, Record<string, string>, boolean])[] = [
    ['without a configuration', '', {}, true],
    ['when the configuration says embedded', 'data: ./data\nredis: embedded   # or redis://…\n', {}, true],
    ['when the key is only mentioned', '# redis: redis://elsewhere\nsmtp:\n  redis: no\n', {}, true],
    ['not for an address', 'redis: redis://localhost:6379\n', {}, false],
    ['not for a quoted address', 'redis: "rediss://:secret@cache:6379"\n', {}, false],
    ['not for an address in JSON', '{\n  "redis": "redis://localhost",\n  "data": "x"\n}', {}, false],
    ['when a variable is not set and stands for embedded', 'redis: "${REDIS_URL:-embedded}"', {}, true],
    ['not when the variable is set', 'redis: ${REDIS_URL:-embedded}', { REDIS_URL: 'redis://cache' }, false],
  ];
  test.each(cases)('%s', (_name, text, env, expected) => {
    expect(wantsEmbeddedRedis(text, env)).toBe(expected);
  });
});

describe('a Redis server comes', () => {
  const machine = (isRoot: boolean, ...programs: string[]): Machine => ({
    platform: 'linux',
    isRoot,
    has: (name) => programs.includes(name),
  });
  const words = (m: Machine) => plan(m).commands?.flat().join(' ');

  test("from apt for root, after an update, as redis-tools, which starts no server of Debian's own", () => {
    expect(words(machine(true, 'apt-get', 'dpkg'))).toMatch(/ update apt-get .* install .*redis-tools$/);
  });

  test('from apk and dnf for root', () => {
    expect(words(machine(true, 'apk'))).toContain('apk add');
    expect(words(machine(true, 'dnf'))).toContain('dnf install');
  });

  test('from brew for anybody', () => {
    expect(plan({ ...machine(false, 'brew'), platform: 'darwin' }).commands).toEqual([
      ['brew', 'install', '--quiet', 'redis'],
    ]);
  });

  test('from unpacked packages for an ordinary user of Debian', () => {
    expect(plan(machine(false, 'apt-get', 'dpkg'))).toEqual({ do: 'unpack' });
  });

  test('from the person otherwise, who is told the command', () => {
    expect(plan(machine(false, 'dnf'))).toEqual({ do: 'ask' });
    expect(askFor(machine(false, 'dnf'))).toContain('run "sudo dnf install valkey" and start again');
    expect(askFor(machine(false))).toContain('with your package manager');
  });

  test('with the libraries that the machine lacks', () => {
    const text =
      'NOTE: a simulation\nInst liblzf1 (3.6-3 Debian:12 [amd64])\nInst redis-tools (5:7.0)\nConf liblzf1';
    expect(packagesToInstall(text)).toEqual(['liblzf1', 'redis-tools']);
  });
});

describe('the program is run', () => {
  test('with its arguments, and its configuration is found among them', () => {
    expect(readArguments(['start', '--role', 'http', '--config', 'a.yaml'])).toMatchObject({
      redis: true,
      config: 'a.yaml',
    });
    expect(readArguments(['start', '--config=b.yaml']).config).toBe('b.yaml');
    expect(readArguments(['queue', 'list'])).toMatchObject({ redis: false, rest: ['queue', 'list'] });
    expect(readArguments(['--run', 'vitest', 'run'])).toEqual({ tool: 'vitest', rest: ['run'] });
  });

  test('by way of a preload when the death of its parent means the end', () => {
    const [young, old, flag, preload, main, ...rest] = nodeArguments({ rest: ['start'] }, 'npm');
    expect([young, old]).toEqual(HEAP);
    expect([flag, ...rest]).toEqual(['--import', 'start']);
    expect(preload).toMatch(/^file:.*\/src\/launch\/parent\.mjs\?npm$/);
    expect(main).toMatch(/\/src\/main\.(ts|js)$/);
    expect(nodeArguments({ rest: ['start'] })).toHaveLength(HEAP.length + 2);
  });

  test('with its compiled code kept, and told where the Redis server is', () => {
    const env = environment({ PATH: '/usr/bin' }, { node: '/n/node', redis: '/r/redis-server', tool: false });
    expect(env).toMatchObject({ PATH: '/usr/bin', POSTINO_REDIS_SERVER: '/r/redis-server' });
    expect(env['NODE_COMPILE_CACHE']).toContain('node_modules');
  });

  test('as a tool with its Node and Redis first on the PATH', () => {
    const env = environment({ PATH: '/usr/bin' }, { node: '/n/node', redis: '/r/redis-server', tool: true });
    expect(env['PATH']).toMatch(/^\/n:\/r:.*node_modules\/\.bin:\/usr\/bin$/);
  });
});
