// Secrets at rest: AES-256-GCM under the installation's master key.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { reasonOf } from '../lib/reason.ts';

export type Sealer = Readonly<{
  /** Seals `secret` for one purpose, such as "dkim shop.example po202611r"; opens only with the same purpose. */
  seal(secret: string, purpose: string): string;
  /** The secret; undefined when the master key or the purpose is another, or the text was changed. */
  open(sealed: string, purpose: string): string | undefined;
  /** A keyed fingerprint of a secret, to see whether it changed without keeping it. */
  fingerprint(secret: string): string;
}>;

const VERSION = 'v1';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals with a master key of 32 bytes. */
export function makeSealer(masterKey: Buffer): Sealer {
  const sealing = Buffer.from(hkdfSync('sha256', masterKey, '', 'postino seal', KEY_BYTES));
  const printing = Buffer.from(hkdfSync('sha256', masterKey, '', 'postino fingerprint', KEY_BYTES));
  return {
    seal: (secret, purpose) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([
        nonce,
        cipher.update(secret, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return `${VERSION}.${sealed.toString('base64')}`;
    },
    open: (sealed, purpose) => {
      const [version, text = ''] = sealed.split('.');
      const bytes = Buffer.from(text, 'base64');
      if (version !== VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', sealing, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        return (
          decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
        );
      } catch {
        return undefined;
      }
    },
    fingerprint: (secret) => createHmac('sha256', printing).update(secret).digest('base64url'),
  };
}

/** The master key: the one given (64 hex digits or base64 of 32 bytes), or that of `file`, made on first use with mode 0600. */
export function loadMasterKey(
  file: string,
  given?: string,
): Readonly<{ ok: true; key: Buffer } | { ok: false; problem: string }> {
  if (given !== undefined && given !== '') return readKey(given, 'The configured master key');
  try {
    if (!existsSync(file)) makeKeyFile(file);
    return readKey(readFileSync(file, 'utf8').trim(), `The master key in ${file}`);
  } catch (error) {
    const why = reasonOf(error);
    return {
      ok: false,
      problem: `The master key ${file} cannot be read or made (${why}); give this user access to it.`,
    };
  }
}

function readKey(text: string, what: string): ReturnType<typeof loadMasterKey> {
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (key.length === KEY_BYTES) return { ok: true, key };
  return {
    ok: false,
    problem: `${what} is not 32 bytes in hex or base64; "openssl rand -hex 32" makes one, but what was sealed with another key cannot be opened.`,
  };
}

/** Several processes may start at once: the first one's link wins and the others read it. */
function makeKeyFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flush: true });
  chmodSync(mine, 0o600);
  try {
    linkSync(mine, file);
  } catch (error) {
    if (!existsSync(file)) throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}
