// Our signatures as Debian's dkimpy reads them, a verifier that shares no code with us or with mailauth.
import { describe, expect, test } from 'vitest';
import { dkimpy as ask, dkimpySkipped, hasDkimpy } from '../support/dkimpy.ts';
import { crlf, PLAIN_PEER, renderOf, USUAL_PEER } from '../support/letters.ts';

const dkimpy = (message: Buffer): readonly unknown[] | undefined => ask([message])[0];

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

describe.skipIf(!hasDkimpy)(`dkimpy${dkimpySkipped}`, () => {
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
