// Where webhooks may go, as the configuration says.
import { expect, test } from 'vitest';
import { wrongUrl } from '../../../src/lib/call-out.ts';
import { parseConfig } from '../../../src/config.ts';
import { rulesOf } from '../../../src/roles/webhooks.ts';

const rules = (webhooks: object) =>
  rulesOf(parseConfig(JSON.stringify({ webhooks }), { file: undefined, environment: {} }));

test.each([
  [{}, 'https://93.184.216.34/', true],
  [{}, 'https://93.184.216.34:8443/', false],
  [{}, 'http://93.184.216.34/', false],
  [{}, 'https://10.1.2.3/', false],
  [{}, 'https://[fd00::1]/', false],
  [{ ports: [8443] }, 'https://93.184.216.34:8443/', true],
  [{ ports: [8443] }, 'https://93.184.216.34/', false],
  [{ http: true }, 'http://93.184.216.34/', true],
  [{ http: true }, 'http://93.184.216.34:443/', true],
  [{ networks: ['10.1.0.0/16'] }, 'https://10.1.2.3/', true],
  [{ networks: ['10.1.0.0/16'] }, 'https://[::ffff:10.1.2.3]/', true],
  [{ networks: ['10.1.0.0/16'] }, 'https://10.2.2.3/', false],
  [{ networks: ['10.1.2.3'] }, 'https://10.1.2.3/', true],
  [{ networks: ['fd00::/8'] }, 'https://[fd00::1]/', true],
  [{ networks: ['fd00::/8'] }, 'https://127.0.0.1/', false],
])('with %j, %s: %s', (webhooks, url, isAllowed) =>
  expect(wrongUrl(url, rules(webhooks)) === undefined).toBe(isAllowed),
);
