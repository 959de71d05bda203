// What the store keeps of a recipient besides its entry: soft bounces in a row, and its parts of long links.
import { textsIn } from '../lib/answers.ts';
import type { Redis } from '../lib/script.ts';
import { storeKeys } from './keys.ts';
import { scanKeys } from './scan-keys.ts';

export type Traces = Readonly<{
  /**
   * Forgets them; how many it were. Looks through all keys. `links`: also long parts of links that name the address, which are
   * of no account; they lead nowhere from then on. Rejects with RedisTrouble.
   */
  forget(account: string, address: string, links: 'too' | 'stay'): Promise<number>;
}>;

export function openTraces({ redis, prefix }: Readonly<{ redis: Redis; prefix: string }>): Traces {
  const keys = storeKeys(prefix);
  const remove = async (found: readonly string[]): Promise<number> =>
    found.length === 0 ? 0 : Number(await redis.call('UNLINK', ...found));
  return {
    forget: async (account, address, links) => {
      const wanted = address.toLowerCase();
      let gone = 0;
      for await (const page of scanKeys(redis, keys.softBounces(account, '')))
        gone += await remove(
          page.filter((key) => isOf(key.slice(keys.softBounces(account, '').length), wanted)),
        );
      if (links === 'stay') return gone;
      for await (const page of scanKeys(redis, keys.link(''))) {
        const texts = page.length === 0 ? [] : textsIn(await redis.call('MGET', ...page));
        gone += await remove(page.filter((_, n) => names(texts[n] ?? '', wanted)));
      }
      return gone;
    },
  };
}

/** The end of a row's name is the address, alone or behind a line end. */
function isOf(field: string, address: string): boolean {
  return field.slice(field.lastIndexOf('\n') + 1) === address;
}

function names(text: string, address: string): boolean {
  const lower = text.toLowerCase();
  return lower.includes(address) || lower.includes(encodeURIComponent(address).toLowerCase());
}
