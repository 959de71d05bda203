// Nothing but CR LF dot CR LF ends a message, however it is cut into packets (SMTP smuggling).
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Talker } from '../../support/dialog.ts';
import { openFrontDoor, type FrontDoor } from '../../support/front-door.ts';

const corpus = '../shared/corpora/smtp/own/eod-variants.json';
const variants: Readonly<Record<string, string>> = existsSync(corpus)
  ? (JSON.parse(readFileSync(corpus, 'utf8')) as { variants: Record<string, string> }).variants
  : {};

const HEADER = 'From: scan@office.example\r\nSubject: x\r\n\r\n';
const SMUGGLED = 'MAIL FROM:<evil@office.example>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\nsecond\r\n';

let door: FrontDoor;
beforeAll(async () => {
  door = await openFrontDoor({ names: ['plain'], config: { maxMessageBytes: 200_000 } });
});
afterAll(() => door.close());

async function openData(): Promise<Talker> {
  door.taken.length = 0;
  const talker = await Talker.open(door.port('plain'), { from: '127.0.0.66' });
  await talker.reply();
  for (const line of ['EHLO c', 'MAIL FROM:<scan@office.example>', 'RCPT TO:<a@example.org>', 'DATA'])
    await talker.say(line);
  return talker;
}

/** Whether the message came in as one, and if it was taken, with which bytes. */
async function endOf(talker: Talker): Promise<Readonly<{ reply: string; body: string; next: string }>> {
  const reply = await talker.reply();
  const next = await talker.say('NOOP');
  talker.close();
  return { reply, body: door.taken.map((one) => one.body?.toString('latin1')).join('|'), next };
}

describe.skipIf(Object.keys(variants).length === 0)(
  'end-of-data variants (skipped without ../shared)',
  () => {
    describe.each(Object.entries(variants))('%s', (name, bytes) => {
      const ends = name === 'CRLF.CRLF';
      const places: readonly (readonly [string, string])[] = [
        ['in the text', `${HEADER}first${bytes}${SMUGGLED}`],
        ['in the header', `From: scan@office.example\r\nSubject: x${bytes}${SMUGGLED}`],
        ['at a 64 KiB edge', `${HEADER}${'x'.repeat(65_533 - HEADER.length)}${bytes}${SMUGGLED}`],
        ['after the size limit', `${HEADER}${`${'y'.repeat(998)}\r\n`.repeat(210)}${bytes}${SMUGGLED}`],
      ];

      test.skipIf(ends).each(places)('does not end a message %s, in one packet', async (place, message) => {
        const talker = await openData();
        talker.send(Buffer.from(`${message}.\r\n`, name.includes('utf8') ? 'utf8' : 'latin1'));
        const { reply, body, next } = await endOf(talker);
        expect(next).toBe('250 2.0.0 Ok');
        const wanted = place === 'after the size limit' ? /^55[24]/ : /^(?:250 2\.0\.0|554 5\.6\.0|550 5)/;
        expect(reply).toMatch(wanted);
        if (body !== '') expect(body).toContain('second\r\n');
        expect(body).not.toMatch(/[^\r]\n|\r[^\n]|\0/);
      });

      test.skipIf(ends)('does not end a message byte by byte', async () => {
        const talker = await openData();
        await talker.trickle(
          Buffer.from(`${HEADER}first${bytes}second\r\n.\r\n`, name.includes('utf8') ? 'utf8' : 'latin1'),
        );
        const { reply, body, next } = await endOf(talker);
        expect(next).toBe('250 2.0.0 Ok');
        if (reply.startsWith('250')) expect(body).toMatch(/^From: [^|]*first[^|]*second\r\n$/);
        else expect(reply).toMatch(/^554 5\.6\.0/);
      });

      test.skipIf(ends)('does not end a message as its first bytes', async () => {
        const talker = await openData();
        const isLoneDot = bytes.startsWith('\r\n.\r\n');
        talker.send(Buffer.from(`${bytes}${isLoneDot ? '' : `${SMUGGLED}.\r\n`}`, 'latin1'));
        const { reply, next } = await endOf(talker);
        expect(reply).toMatch(/^55[04] /); // there is no From
        expect(next).toBe('250 2.0.0 Ok');
      });
    });
  },
);

describe('the end of data', () => {
  test('is CR LF dot CR LF, and what follows are commands', async () => {
    const talker = await openData();
    talker.send(`${HEADER}first\r\n.\r\nRSET\r\n`);
    expect(await talker.reply()).toMatch(/^250 2\.0\.0 Ok: queued as [0-9A-Z]{26}$/);
    expect(await talker.reply()).toBe('250 2.0.0 Ok');
    talker.close();
  });

  test('may be the first thing that comes', async () => {
    const talker = await openData();
    talker.send('.\r\n');
    expect(await talker.reply()).toMatch(/^550 5\.6\.0/);
    talker.close();
  });

  test('is found however the message is cut in two, with dots undone', async () => {
    const message = Buffer.from(`${HEADER}..a\r\n.b\r\n...\r\n..\r\n.\r\n`);
    for (let cut = HEADER.length; cut < message.length; cut++) {
      const talker = await openData();
      talker.send(message.subarray(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 2));
      talker.send(message.subarray(cut));
      const { body } = await endOf(talker);
      expect(body).toBe(`${HEADER}.a\r\nb\r\n..\r\n.\r\n`);
    }
  });
});
