// The DNS as monitors ask it: addresses and names, without a cache, and with an answer for every failure.
import { openResolver } from '../lib/resolver.ts';
import type { Answer, Ask } from './answer.ts';

/** Asks `servers`, or the system's where there are none. Throws when a server's address is none. */
export function openAsk(options: Parameters<typeof openResolver>[0]): Ask {
  // A resolver keeps what it was answered, and an entry that is over should be seen to be over.
  const fresh = () => openResolver(options);
  fresh();
  return {
    a: (name) => settle(fresh().resolve4(name)),
    aaaa: (name) => settle(fresh().resolve6(name)),
    // Not reverse(): that looks into /etc/hosts as well, and takes every failure for "there is none".
    ptr: (name) => settle(fresh().resolvePtr(name)),
  };
}

async function settle(asked: Promise<readonly string[]>): Promise<Answer> {
  try {
    const records = await asked;
    return records.length > 0 ? { kind: 'found', records } : { kind: 'none' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    if (code === 'ENODATA') return { kind: 'none' };
    return code === 'ENOTFOUND' ? { kind: 'nxdomain' } : { kind: 'failed', code };
  }
}
