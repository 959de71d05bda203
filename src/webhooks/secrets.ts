// Secrets of webhooks: made or given, sealed at rest, and two of them in use while one takes the other's place.
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { EpochMs } from '../lib/clock.ts';
import type { KeyKind } from './shapes/shape.ts';
import type { Webhook } from './webhook.ts';

/** The part of the store's sealer that is needed here. */
export type Seals = Readonly<{
  seal(secret: string, purpose: string): string;
  open(sealed: string, purpose: string): string | undefined;
}>;

/** `shown`: what the receiver needs, which is told once. */
export type NewSecret = Readonly<{ secret: string; shown: string; publicKey?: string }>;

const TEXT_BYTES = 24;
const WHSEC_BYTES = 32;

/** A new secret of a kind. */
export function makeSecret(kind: KeyKind): NewSecret {
  if (kind === 'ecdsa') {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    return keyPair(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  }
  const secret =
    kind === 'whsec'
      ? `whsec_${randomBytes(WHSEC_BYTES).toString('base64')}`
      : randomBytes(TEXT_BYTES).toString('base64url');
  return { secret, shown: secret };
}

/** A secret that a receiver has already; a text says what is wrong with it. */
export function givenSecret(kind: KeyKind, text: string): NewSecret | string {
  if (kind === 'ecdsa') return 'This shape is signed by a key of ours; give its public key to the receiver.';
  if (text.length < 16 || text.length > 200) return 'A secret has 16 to 200 characters.';
  if (text.startsWith('whsec_') && Buffer.from(text.slice(6), 'base64').length < 16)
    return 'Behind whsec_ there must be at least 16 bytes in base64.';
  return { secret: text, shown: text };
}

function keyPair(pem: string): NewSecret {
  const publicKey = createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64');
  return { secret: pem, shown: publicKey, publicKey };
}

export function sealSecret(seals: Seals, id: string, secret: string): string {
  return seals.seal(secret, purposeOf(id));
}

/** The secrets in use, the newest first; undefined when one cannot be opened, such as after a change of the master key. */
export function openSecrets(
  seals: Seals,
  { id, secrets }: Webhook,
  now: EpochMs,
): readonly string[] | undefined {
  const used = secrets.filter(({ until }) => until === undefined || until > now);
  const opened = used.flatMap(({ sealed }) => seals.open(sealed, purposeOf(id)) ?? []);
  return opened.length === used.length && opened.length > 0 ? opened : undefined;
}

export function sealLogin(seals: Seals, id: string, login: string): string {
  return seals.seal(login, `${purposeOf(id)} login`);
}

export function openLogin(seals: Seals, { id, login }: Webhook): string | undefined {
  return login === undefined ? undefined : seals.open(login, `${purposeOf(id)} login`);
}

/** The new one first; the old one stays in use until `until`, and what was before it not. */
export function rotated(
  { secrets }: Pick<Webhook, 'secrets'>,
  sealed: string,
  { now, until }: Readonly<{ now: EpochMs; until: EpochMs }>,
): Webhook['secrets'] {
  const [old] = secrets;
  return [{ sealed, since: now }, ...(old && until > now ? [{ ...old, until }] : [])];
}

function purposeOf(id: string): string {
  return `webhook ${id}`;
}
