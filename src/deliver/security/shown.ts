// What a mail host showed in its TLS handshake: its certificates, and whether this system trusts them.
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { EpochMs } from '../../lib/clock.ts';
import { daneProblem, type Tlsa } from './tlsa.ts';

const MAX_CHAIN = 10;

/** TLSA records that must name the certificate, which below a trust anchor is for one of `names`. */
export type DaneCheck = Readonly<{ records: readonly Tlsa[]; names: readonly string[] }>;

/** What is wrong by these records, as a sentence's part; undefined when nothing is. */
export function daneProblemOf(
  socket: TLSSocket,
  { records, names }: DaneCheck,
  at: EpochMs,
): string | undefined {
  return daneProblem(records, { chain: chainOf(socket), names, at });
}

/** Protocol and cipher, and why this system would not trust the certificate, as a code or a few words, where it would not. */
export function tlsOf(socket: Socket): Readonly<{ tls?: string; distrust?: string }> {
  if (!(socket instanceof TLSSocket)) return {};
  const tls = `${socket.getProtocol() ?? 'TLS'} ${socket.getCipher().standardName}`;
  if (socket.authorized) return { tls };
  const why: unknown = socket.authorizationError; // Node gives a code, against its type
  return { tls, distrust: typeof why === 'string' ? why : 'not verified' };
}

/** Leaf first. */
function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next && chain.length < MAX_CHAIN) {
    const { fingerprint256 } = next;
    if (chain.some((known) => known.fingerprint256 === fingerprint256)) break; // its own issuer
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}
