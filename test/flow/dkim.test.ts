// Our signatures as Debian's dkimpy reads them, a verifier that shares no code with us or with mailauth.
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { crlf, PLAIN_PEER, records, renderOf, USUAL_PEER } from '../support/letters.ts';

const python = ['/usr/bin/python3', 'python3'].find(
  (one) => spawnSync(one, ['-c', 'import dkim, nacl']).status === 0,
);
const skipped = python ? '' : ' (skipped: python3 has no dkim module; install python3-dkim and python3-nacl)';

const SCRIPT = `
import dkim, json, sys
asked = json.load(sys.stdin)
txt = lambda name, timeout=5: asked['dns'].get((name.decode() if isinstance(name, bytes) else name).rstrip('.').lower(), '').encode() or None
message = asked['message'].encode('latin1')
found = []
for index in range(asked['count']):
    try: found.append(bool(dkim.DKIM(message).verify(idx=index, dnsfunc=txt)))
    except dkim.DKIMException as error: found.append(str(error))
print(json.dumps(found))
`;

const dkimpy = (message: Buffer): unknown => {
  const input = JSON.stringify({ dns: records, message: message.toString('latin1'), count: 2 });
  const { stdout, stderr } = spawnSync(python ?? '', ['-c', SCRIPT], { input, encoding: 'utf8' });
  return stdout === '' ? stderr : JSON.parse(stdout);
};

const order = crlf(`From: Shop <orders@shop.example>
To: Ann <ann@mail.example>
Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= with a subject that is long enough to be
 folded   twice
\tat least
Content-Type: text/html; charset=utf-8
List-Unsubscribe: <https://shop.example/u/17>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
List-Id: a
List-Id: b
Sender: a@shop.example
Feedback-ID: 17

<p>  Grüße\t aus   Köln </p> \t

end

`);

describe.skipIf(!python)(`dkimpy${skipped}`, () => {
  test('verifies both signatures', async () => {
    for (const peer of [USUAL_PEER, PLAIN_PEER])
      expect(dkimpy((await renderOf(order, peer)).bytes)).toEqual([true, true]);
  });

  test('verifies them over empty bodies and large ones', async () => {
    const head = 'From: a@shop.example\n\n';
    for (const body of ['', '\n', ' \t\n\n', 'no line end', `${'x  y\t\n'.repeat(40_000)}\n\n`])
      expect(dkimpy((await renderOf(head + body)).bytes), JSON.stringify(body.slice(0, 20))).toEqual([
        true,
        true,
      ]);
  });

  test.each([
    'Subject: forged',
    'Reply-To: thief@evil.example',
    'From: thief@evil.example',
    'List-Unsubscribe: <https://evil.example>',
  ])('sees that "%s" was added', async (line) => {
    const { bytes } = await renderOf(order);
    expect(dkimpy(Buffer.concat([Buffer.from(`${line}\r\n`), bytes]))).not.toContain(true);
  });
});
