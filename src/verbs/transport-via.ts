// The upstream relay of a transport as operators change it: its password is sealed at once and never shown again.
import type { Transport, Via } from '../model/settings.ts';
import type { Sealer } from '../store/seal.ts';
import { sealVia, type PlainVia } from '../store/via.ts';

/** What was said of it: where it is ("none" removes it), and the rest. */
export type GivenVia = Readonly<{
  via?: Readonly<{ host: string; port: number }> | 'none';
  more: Partial<Pick<PlainVia, 'tls' | 'verify' | 'username' | 'password'>>;
}>;

/** The relay as it is stored from now on; undefined for none. A log-in stays with the host that it was given for. */
export function changeVia(
  transport: string,
  old: Via | undefined,
  { via, more }: GivenVia,
  sealer: Sealer,
): Readonly<{ via: Via | undefined } | { problem: string }> {
  const { password, ...plain } = more;
  const base = via === undefined ? old : via === 'none' ? undefined : at(via, old);
  if (base === undefined)
    return Object.keys(more).length === 0
      ? { via: undefined }
      : { problem: '--via-tls, --via-username and the others need --via <host:port>.' };
  const { sealedPassword: kept, ...open } = { ...base, ...plain };
  const sealedPassword =
    password === undefined ? kept : sealVia(transport, { ...open, password }, old, sealer).sealedPassword;
  if ((open.username === undefined) !== (sealedPassword === undefined))
    return { problem: 'The log-in of an upstream relay needs --via-username and --via-password-stdin.' };
  return { via: { ...open, ...(sealedPassword === undefined ? {} : { sealedPassword }) } };
}

function at(where: Readonly<{ host: string; port: number }>, old: Via | undefined): Via {
  return old?.host === where.host ? { ...old, ...where } : { tls: 'required', verify: true, ...where };
}

export type PublicTransport = Readonly<
  Omit<Transport, 'via'> & {
    via?: Readonly<Omit<Via, 'sealedPassword'> & { password?: 'sealed' }>;
  }
>;

/** A transport without what is secret: how it is shown and printed. */
export function publicTransport({ via, ...transport }: Transport): PublicTransport {
  if (!via) return transport;
  const { sealedPassword, ...open } = via;
  return { ...transport, via: { ...open, ...(sealedPassword === undefined ? {} : { password: 'sealed' }) } };
}
