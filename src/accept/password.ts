// Passwords as argon2id hashes in the usual "$argon2id$…" form; two at most are computed at once, a few wait.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';

type Parameters = Readonly<{ memoryKib: number; passes: number; lanes: number }>;

const OURS: Parameters = { memoryKib: 19_456, passes: 2, lanes: 1 }; // OWASP's choice for argon2id
const MAX: Parameters = { memoryKib: 262_144, passes: 10, lanes: 4 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;

/** argon2 shares the thread pool with DKIM signing: two threads of four are enough for it. */
const MAX_RUNNING = 2;
const MAX_WAITING = 32;

/** Nobody's password, so that an unknown user costs the same time. */
const NOBODY = `$argon2id$v=19$m=${OURS.memoryKib},t=${OURS.passes},p=${OURS.lanes}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

let running = 0;
const waiting: (() => void)[] = [];

/** Hashes a new password: 19 MiB, 2 passes, 1 lane, about 20 ms. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await compute(password, salt, OURS, TAG_BYTES);
  const { memoryKib, passes, lanes } = OURS;
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** True when the password fits the hash. A hash that is missing or cannot be read fits nothing, after the same time. */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  const known = hash === undefined ? undefined : readHash(hash);
  const { parameters, salt, tag } = known ?? readHash(NOBODY) ?? fail();
  const computed = await compute(password, salt, parameters, tag.length);
  return timingSafeEqual(computed, tag) && known !== undefined;
}

/** Verifies in turn with the others. 'busy' when too many wait already: nothing was computed. */
export async function verifyInTurn(password: string, hash: string | undefined): Promise<boolean | 'busy'> {
  if (running >= MAX_RUNNING && waiting.length >= MAX_WAITING) return 'busy';
  if (running >= MAX_RUNNING) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await verifyPassword(password, hash);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

function compute(message: string, nonce: Buffer, parameters: Parameters, tagLength: number): Promise<Buffer> {
  const { memoryKib: memory, passes, lanes: parallelism } = parameters;
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce, parallelism, tagLength, memory, passes }, (error, tag) =>
      error ? reject(error) : resolve(tag),
    );
  });
}

function readHash(text: string): Readonly<{ parameters: Parameters; salt: Buffer; tag: Buffer }> | undefined {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text);
  if (!match) return undefined;
  const [, memory, passes, lanes, salt = '', tag = ''] = match;
  const parameters = { memoryKib: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  const sane =
    parameters.memoryKib <= MAX.memoryKib &&
    parameters.passes >= 1 &&
    parameters.passes <= MAX.passes &&
    parameters.lanes >= 1 &&
    parameters.lanes <= MAX.lanes &&
    parameters.memoryKib >= 8 * parameters.lanes; // RFC 9106 §3.1
  const bytes = { salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') };
  return sane && bytes.salt.length >= 8 && bytes.tag.length >= 16 ? { parameters, ...bytes } : undefined;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

function fail(): never {
  throw new Error('The built-in password hash cannot be read.');
}
