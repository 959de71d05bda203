// The messages of the load: each is made from the seed and its number, so that it can be sent again byte for byte. Pure.
import { makeRandom } from './random.ts';

export type Message = Readonly<{
  testId: string;
  recipients: readonly string[];
  raw: Buffer;
  /** Sent once: what the first try comes to is final. The others are sent again until they have their 250. */
  once: boolean;
}>;

const LARGE_BYTES = 300_000;

/** Most have one recipient and a few kilobytes; some several recipients, some a body too large for memory. */
export function makeMessage(seed: number, scenario: string, number: number): Message {
  const testId = `${scenario}-${number}`;
  const random = makeRandom(seed, testId);
  const count = random.chance(0.1) ? 3 : 1;
  const recipients = Array.from({ length: count }, (_, index) => {
    const fate = random.next();
    const kind = fate < 0.02 ? 'no' : fate < 0.06 ? 'grey' : 'ok';
    return `${kind}-${testId}-${index}@${random.chance(0.5) ? 'a' : 'b'}.test`;
  });
  const size = random.chance(0.02) ? LARGE_BYTES : random.between(500, 8_000);
  return { testId, recipients, raw: write(testId, recipients, size), once: random.chance(0.25) };
}

function write(testId: string, recipients: readonly string[], size: number): Buffer {
  const header = [
    'From: Shop <orders@shop.test>',
    `To: ${recipients.map((address) => `<${address}>`).join(',\r\n ')}`,
    `Subject: Order ${testId}`,
    `Message-ID: <${testId}@faults.test>`,
    'Date: Mon, 05 Jan 2026 10:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    `X-Test-Id: ${testId}`,
  ];
  const line = `${testId} thank you for your order, it is on its way to you already.\r\n`;
  return Buffer.from(`${header.join('\r\n')}\r\n\r\n${line.repeat(Math.ceil(size / line.length))}`, 'latin1');
}
