// The password of an upstream relay: sealed at rest, opened only to log in.
import type { Via } from '../model/settings.ts';
import type { Sealer } from './seal.ts';

/** An upstream relay as an operator writes it. */
export type PlainVia = Omit<Via, 'sealedPassword'> & Readonly<{ password?: string | undefined }>;

const purposeOf = (transport: string): string => `via ${transport}`;

/** As it is stored. A password that has not changed stays sealed as it was, so that nothing seems to have changed. */
export function sealVia(
  transport: string,
  { password, ...via }: PlainVia,
  old: Via | undefined,
  sealer: Sealer,
): Via {
  if (password === undefined) return via;
  const same = old && openPassword(transport, old, sealer) === password;
  const sealedPassword = same ? old.sealedPassword : sealer.seal(password, purposeOf(transport));
  return { ...via, ...(sealedPassword === undefined ? {} : { sealedPassword }) };
}

/** The password; undefined when there is none, or another master key sealed it. */
export function openPassword(transport: string, { sealedPassword }: Via, sealer: Sealer): string | undefined {
  return sealedPassword === undefined ? undefined : sealer.open(sealedPassword, purposeOf(transport));
}
