// The files around the program: lock file, systemd unit, licence, and the commands that package.json promises.
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const read = (file: string): string => readFileSync(file, 'utf8');
const manifest: Readonly<{
  bin: Record<string, string>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}> = JSON.parse(read('package.json'));

describe('package.json and the lock file', () => {
  test('the lock file carries no download addresses', () => {
    expect(read('package-lock.json')).not.toMatch(/https?:\/\/[^"]*\.tgz|"resolved"/);
  });

  test('every dependency is pinned to one version, the one in the lock file', () => {
    const lock: { packages: Record<string, { version?: string }> } = JSON.parse(read('package-lock.json'));
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    for (const [name, version] of Object.entries({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });

  test('npm start, npm test and the command go through the launcher, which can be executed', () => {
    expect(manifest.scripts['start']).toBe('node src/launch.mjs start');
    expect(manifest.scripts['test']).toMatch(/^node src\/launch\.mjs --run vitest run /);
    expect(manifest.bin).toEqual({ postino: 'src/launch.mjs' });
    for (const file of ['src/launch.mjs', '.ci/run']) expect(statSync(file).mode & 0o111, file).toBe(0o111);
    expect(read('src/launch.mjs')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});

describe('the systemd unit', () => {
  const unit = read('config/postino.service');

  test('gives ports below 1024 to a user that has no other right', () => {
    expect(unit).toMatch(/^User=postino$/m);
    expect(unit).toMatch(/^AmbientCapabilities=CAP_NET_BIND_SERVICE$/m);
    expect(unit).toMatch(/^CapabilityBoundingSet=CAP_NET_BIND_SERVICE$/m);
    expect(unit).toMatch(/^NoNewPrivileges=yes$/m);
    expect(unit).toMatch(/^ProtectSystem=strict$/m);
  });

  test('lets the program end its Redis itself, and does not repeat a wrong configuration', () => {
    expect(unit).toMatch(/^KillMode=mixed$/m);
    expect(unit).toMatch(/^RestartPreventExitStatus=2 78$/m);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(40);
  });

  test('has one setting of each name, except filters', () => {
    const names = [...unit.matchAll(/^(\w+)=/gm)]
      .map((match) => match[1])
      .filter((name) => name !== 'SystemCallFilter');
    expect(new Set(names).size).toBe(names.length);
  });
});

test('the licence is MIT, in the file and in package.json', () => {
  expect(read('LICENSE')).toMatch(/^MIT License\n\nCopyright \(c\) \d{4} Postino contributors\n/);
  expect(read('package.json')).toContain('"license": "MIT"');
});
