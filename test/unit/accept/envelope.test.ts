// Arguments of MAIL and RCPT: addresses as they are taken, parameters, and what is refused with which code.
import { describe, expect, test } from 'vitest';
import {
  readAddress,
  readMail,
  readPlainMail,
  readPlainRcpt,
  readRcpt,
} from '../../../src/accept/envelope.ts';

describe('MAIL', () => {
  test.each<[string, object]>([
    ['FROM:<me@shop.example>', { address: 'me@shop.example', size: 0, smtputf8: false }],
    ['from: <me@SHOP.example>', { address: 'me@shop.example' }],
    ['FROM:me@shop.example SIZE=5', { address: 'me@shop.example', size: 5 }],
    ['FROM:<>', { address: '' }],
    ['FROM:<@a.example,@b.example:me@shop.example>', { address: 'me@shop.example' }],
    ['FROM:<root>', { address: undefined }],
    ['FROM:<apache@my_host>', { address: undefined }],
    ['FROM:<a@[192.0.2.1]>', { address: undefined }],
    ['FROM:<"a b>c"@shop.example> BODY=8bitmime', { address: '"a b>c"@shop.example' }],
    ['FROM:<é@shop.example> SMTPUTF8', { address: 'é@shop.example', smtputf8: true }],
    ['FROM:<a@b.example> HOLDFOR=3600', { holdFor: 3600 }],
    ['FROM:<a@b.example> holduntil=2026-07-03T10:00:00Z', { holdUntil: Date.UTC(2026, 6, 3, 10) }],
    ['FROM:<a@b.example> MT-PRIORITY=-3 BY=120;R', { priority: 4, by: { seconds: 120, mode: 'R' } }],
    ['FROM:<a@b.example> ret=full ENVID=a+2Bb AUTH=<>', { ret: 'FULL', envid: 'a+2Bb' }],
  ])('%s is taken', (argument, want) =>
    expect(readMail(argument, false)).toMatchObject({ ok: true, value: want }),
  );

  test.each<[string, number, string]>([
    ['', 501, '5.1.7'],
    ['FROM:', 501, '5.1.7'],
    ['FROM:<a@b.example', 501, '5.1.7'],
    ['FROM:<a@b.example>x', 501, '5.1.7'],
    ['FROM:<a b@c.example>', 501, '5.1.7'],
    [`FROM:<${'a'.repeat(250)}@b.example>`, 501, '5.1.7'],
    ['FROM:<é@shop.example>', 553, '5.6.7'],
    ['FROM:<a@b.example> SIZE', 501, '5.5.4'],
    ['FROM:<a@b.example> SIZE=-1', 501, '5.5.4'],
    ['FROM:<a@b.example> SIZE=123456789012345678901', 501, '5.5.4'],
    ['FROM:<a@b.example> SMTPUTF8=1', 501, '5.5.4'],
    ['FROM:<a@b.example> ENVID=a b', 555, '5.5.4'],
    ['FROM:<a@b.example> ENVID=a+0d', 501, '5.5.4'],
    ['FROM:<a@b.example> REQUIRETLS', 530, '5.7.10'],
    ['FROM:<a@b.example> REQUIRETLS=1', 501, '5.5.4'],
    ['FROM:<a@b.example> HOLDFOR=0', 501, '5.5.4'],
    ['FROM:<a@b.example> HOLDUNTIL=tomorrow', 501, '5.5.4'],
    ['FROM:<a@b.example> MT-PRIORITY=10', 501, '5.5.4'],
    ['FROM:<a@b.example> BY=60', 501, '5.5.4'],
    ['FROM:<a@b.example> HOLDFOR=60 holdfor=60', 501, '5.5.4'],
    ['FROM:<a@b.example> constructor=1', 555, '5.5.4'],
    ['FROM:<a@b.example> __proto__=1', 555, '5.5.4'],
  ])('%s is refused', (argument, code, status) =>
    expect(readMail(argument, false)).toMatchObject({ ok: false, reply: { code, status } }),
  );
});

describe('RCPT', () => {
  test.each<[string, string]>([
    ['TO:<a@Example.ORG>', 'a@example.org'],
    ['TO: a@example.org', 'a@example.org'],
    ['TO:<user.@docomo.ne.jp>', 'user.@docomo.ne.jp'],
    ['TO:<a..b@example.org>', 'a..b@example.org'],
    ['TO:<"a@b"@example.org>', '"a@b"@example.org'],
    ['TO:<a!b%c@example.org>', 'a!b%c@example.org'],
    ['TO:<@x.example:a@example.org>', 'a@example.org'],
    ['TO:<a@xn--mller-kva.example>', 'a@xn--mller-kva.example'],
    ['TO:<a@müller.example>', 'a@xn--mller-kva.example'],
  ])('%s is taken', (argument, address) =>
    expect(readRcpt(argument, false)).toEqual({ ok: true, value: { address } }),
  );

  test.each<[string, number, string]>([
    ['TO:<>', 501, '5.1.3'],
    ['TO:<postmaster>', 501, '5.1.3'],
    ['TO:<a@b@example.org>', 501, '5.1.3'],
    ['TO:<"open@example.org>', 501, '5.1.3'],
    ['TO:<a@127.0.0.1>', 501, '5.1.3'],
    ['TO:<a@[127.0.0.1]>', 550, '5.1.2'],
    ['TO:<a@[IPv6:::1]>', 550, '5.1.2'],
    ['TO:<é@example.org>', 553, '5.6.7'],
    ['TO:<a\u200bb@example.org> NOTIFY=X', 553, '5.6.7'],
    ['TO:<\ufffd@example.org>', 501, '5.1.3'],
    ['TO:<a@example.org> NOTIFY=', 501, '5.5.4'],
    ['TO:<a@example.org> NOTIFY=FAILURE,FAILURE', 501, '5.5.4'],
    ['TO:<a@example.org> ORCPT=rfc822', 501, '5.5.4'],
    ['TO:<a@example.org> ORCPT=rfc822;a=b', 501, '5.5.4'],
    ['TO:<a@example.org> SIZE=1', 555, '5.5.4'],
  ])('%s is refused', (argument, code, status) =>
    expect(readRcpt(argument, false)).toMatchObject({ ok: false, reply: { code, status } }),
  );

  test('keeps what RFC 3461 asks for as it was received', () => {
    expect(readRcpt('TO:<a@example.org> notify=delay,SUCCESS ORCPT=rfc822;a+2Bb@example.org', false)).toEqual(
      {
        ok: true,
        value: { address: 'a@example.org', notify: ['SUCCESS', 'DELAY'], orcpt: 'rfc822;a+2Bb@example.org' },
      },
    );
  });
});

describe('what a header names', () => {
  test.each<[string, string]>([
    ['a@Example.ORG', 'a@example.org'],
    ['<a@example.org>', 'a@example.org'],
    ['"a b"@example.org', '"a b"@example.org'],
    ['a@müller.example', 'a@xn--mller-kva.example'],
  ])('%s is taken', (text, value) => expect(readAddress(text, false)).toEqual({ ok: true, value }));

  test.each<[string, string]>([
    ['', '5.1.3'],
    ['postmaster', '5.1.3'],
    ['a@example.org NOTIFY=NEVER', '5.1.3'],
    ['a@example.org> NOTIFY=NEVER', '5.1.3'],
    ['<a@example.org> ORCPT=rfc822;b@example.org', '5.1.3'],
    ['a@example.org,b@example.org', '5.1.3'],
    ['a@example.org\r\nRCPT TO:<b@example.org>', '5.1.3'],
    ['a@example.org\0', '5.1.3'],
    ['Anna <a@example.org>', '5.1.3'],
    ['a@[127.0.0.1]', '5.1.2'],
    ['é@example.org', '5.6.7'],
    [`${'a'.repeat(300)}@example.org`, '5.1.3'],
  ])('%j is refused', (text, status) =>
    expect(readAddress(text, false)).toMatchObject({ ok: false, reply: { status } }),
  );
});

describe('at a door to ourselves', () => {
  test.each<[string, object]>([
    ['FROM:<>', { address: '', size: 0, smtputf8: false }],
    ['FROM:<root> SIZE=5 BODY=8BITMIME', { address: undefined, size: 5 }],
    ['FROM:<é@shop.example> SMTPUTF8', { address: 'é@shop.example', smtputf8: true }],
  ])('%s is taken', (argument, want) =>
    expect(readPlainMail(argument)).toMatchObject({ ok: true, value: want }),
  );

  test.each<[string, number]>([
    ['FROM:<é@shop.example>', 553],
    ['FROM:<a@b.example> SIZE=x', 501],
    ...['AUTH=<>', 'RET=FULL', 'ENVID=a', 'HOLDFOR=60', 'MT-PRIORITY=1', 'BY=120;R', 'REQUIRETLS'].map(
      (parameter): [string, number] => [`FROM:<a@b.example> ${parameter}`, 555],
    ),
  ])('%s is refused with %i', (argument, code) =>
    expect(readPlainMail(argument)).toMatchObject({ ok: false, reply: { code } }),
  );

  test('RCPT has no parameters', () => {
    expect(readPlainRcpt('TO:<a@B.example>', false)).toEqual({ ok: true, value: { address: 'a@b.example' } });
    for (const parameter of ['NOTIFY=NEVER', 'ORCPT=rfc822;a@b.example'])
      expect(readPlainRcpt(`TO:<a@b.example> ${parameter}`, false)).toMatchObject({ reply: { code: 555 } });
  });
});
