// Values of the configuration as people write them: durations, sizes, networks. Pure.
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseBytes, parseDuration } from './duration.ts';

/** What the number is that such a value is read to, for those who show it. */
export const units = z.registry<Readonly<{ unit: 'ms' | 'bytes' }>>();

/** A time span in milliseconds. `like` are examples for the complaint: '"2h" or "30d"'; zero only where it is allowed. */
export function durationLike(like: string, zero: 'refused' | 'allowed' = 'refused') {
  return z
    .string()
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== undefined && (ms > 0 || zero === 'allowed')) return ms;
      context.addIssue({ code: 'custom', message: `must be a duration such as ${like}` });
      return z.NEVER;
    })
    .register(units, { unit: 'ms' });
}

/** A size in bytes, more than zero. `like` are examples for the complaint: '"36MB" or "512KiB"'. */
export function bytesLike(like: string) {
  const message = `must be a size such as ${like}`;
  return z
    .union([z.string(), z.number().int(message).positive(message)], message)
    .transform((value, context) => {
      const size = typeof value === 'number' ? value : parseBytes(value);
      if (size !== undefined && size > 0) return size;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .register(units, { unit: 'bytes' });
}

/** A regular expression over whole code points, upper and lower case alike. */
export const pattern = z.string().transform((source, context) => {
  try {
    return new RegExp(source, 'iu');
  } catch (error) {
    context.addIssue({ code: 'custom', message: `is no regular expression: ${String(error)}` });
    return z.NEVER;
  }
});

/** True for an address, and for a network such as "192.0.2.0/24" or "2001:db8::/48". */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (bits < 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}
