// Who came, told by user agents as they are sent: proxies and scanners are marked, people's programs named.
import { describe, expect, test } from 'vitest';
import { describeAgent, makeAgents } from '../../../src/tracking/agent.ts';
import { cpuClock } from '../../support/cpu.ts';

const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0';
const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';

describe('machines', () => {
  test.each([
    [
      'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
      'proxy',
      'Gmail',
    ],
    [
      `${WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0`,
      'proxy',
      'Gmail',
    ],
    ['YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html', 'proxy', 'Yahoo Mail'],
    ['Mozilla/5.0', 'proxy', 'Apple Mail'],
    ['OutlookImageProxy/1.0', 'proxy', 'Outlook'],
    [`${WINDOWS} ${CHROME} Safari/537.36 BingPreview/1.0b`, 'scanner', 'Microsoft Defender'],
    ['Microsoft Office Existence Discovery', 'scanner', 'Office'],
    ['Microsoft Office Protocol Discovery', 'scanner', 'Office'],
    ['Mozilla/5.0 (compatible; Barracuda Sentinel (EE))', 'scanner', 'Barracuda'],
    ['Mimecast', 'scanner', 'Mimecast'],
    ['Mozilla/5.0 (compatible; Proofpoint/2.0)', 'scanner', 'Proofpoint'],
    ['CiscoSecureEmail', 'scanner', 'Cisco'],
    ['TMES', 'scanner', 'Trend Micro'],
    ['curl/8.5.0', 'scanner', 'Program'],
    ['Wget/1.21', 'scanner', 'Program'],
    ['python-requests/2.31.0', 'scanner', 'Program'],
    ['Go-http-client/2.0', 'scanner', 'Program'],
    ['okhttp/4.9.3', 'scanner', 'Program'],
    [
      `${WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36`,
      'scanner',
      'Program',
    ],
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'scanner', undefined],
    ['facebookexternalhit/1.1', 'scanner', undefined],
    ['Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', 'scanner', undefined],
    ['', 'scanner', undefined],
    ['   ', 'scanner', undefined],
  ])('%s', (userAgent, machine, client) => {
    const agent = describeAgent(userAgent);
    expect(agent).toMatchObject({ machine, device: 'unknown' });
    expect(agent.client).toBe(client);
  });
});

describe('people', () => {
  test.each([
    [`${WINDOWS} ${CHROME} Safari/537.36`, 'desktop', 'Chrome', 'Windows'],
    [`${WINDOWS} ${CHROME} Safari/537.36 Edg/120.0`, 'desktop', 'Microsoft Edge', 'Windows'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'desktop', 'Firefox', 'Linux'],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.3.1',
      'desktop',
      'Thunderbird',
      'Linux',
    ],
    [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT}`, 'desktop', 'Apple Mail', 'macOS'],
    [
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/17.2 Safari/605.1.15`,
      'desktop',
      'Safari',
      'macOS',
    ],
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) ${WEBKIT} Mobile/15E148`,
      'mobile',
      'Apple Mail',
      'iOS',
    ],
    [`Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) ${WEBKIT} Mobile/15E148`, 'tablet', 'Apple Mail', 'iOS'],
    [
      `Mozilla/5.0 (Linux; Android 14; Pixel 8) ${CHROME} Mobile Safari/537.36`,
      'mobile',
      'Chrome',
      'Android',
    ],
    [
      'Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17029; Pro)',
      'desktop',
      'Outlook',
      'Windows',
    ],
    ['Outlook-iOS/723.4027091.prod.iphone (4.28.0)', 'mobile', 'Outlook', 'iOS'],
    ['Mozilla/4.0 (compatible; ms-office; MSOffice 16)', 'unknown', 'Outlook', undefined],
  ])('%s', (userAgent, device, client, os) => {
    const agent = describeAgent(userAgent);
    expect(agent.machine).toBeUndefined();
    expect([agent.device, agent.client, agent.os]).toEqual([device, client, os]);
  });
});

test('user agents that nobody has do no harm, and take no time', () => {
  const hostile = [
    '('.repeat(16_000),
    'Mozilla/5.0 '.repeat(1300),
    '\\'.repeat(500),
    'a b/c'.repeat(100),
    '__proto__',
    'Mozilla/5.0 (Macintosh'.repeat(50),
    '\u202e\ud800',
  ];
  const spent = cpuClock();
  for (const userAgent of hostile) describeAgent(userAgent);
  expect(spent()).toBeLessThan(500);
});

test('what was asked before is remembered, and so much of it only', () => {
  const agentOf = makeAgents();
  const first = agentOf('curl/8.5.0');
  expect(agentOf('curl/8.5.0')).toBe(first);
  for (let i = 0; i < 4000; i++) agentOf(`curl/${i}`);
  expect(agentOf('curl/8.5.0')).not.toBe(first);
  expect(agentOf('curl/8.5.0')).toEqual(first);
});
