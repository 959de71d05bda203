// Certificates of the public listener: one for all hosts or one for each, reloaded when their files change.
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { stampOf } from '../../lib/stamp.ts';
import type { TrackingConfig } from '../tracking-config.ts';
import { reasonOf } from '../../lib/reason.ts';

export type Certificates = Readonly<{
  /** The context for a host; the first one where no certificate names it. */
  contextFor(host: string): SecureContext;
  /** The first one, for clients that name no host. */
  first: Pem;
  /** Calls `use` with the first one whenever it was reloaded. */
  onFirst(use: (pem: Pem) => void): void;
  stop(): void;
}>;

/** Certificate chain and private key. */
export type Pem = Readonly<{ cert: Buffer; key: Buffer }>;

type Files = Readonly<{ host: string; certificate: string; key: string }>;
type Loaded = { readonly files: Files; stamp: string | undefined; pem: Pem; context: SecureContext };

export const MIN_TLS = 'TLSv1.2';
const LOOK_EVERY_MS = 30_000;
const ANY = '*';

/** Reads all certificates. Rejects with one sentence when one cannot be used. */
export async function loadCertificates(
  config: Pick<TrackingConfig, 'certificate' | 'key' | 'certificates'>,
  { clock, log }: Readonly<{ clock: Clock; log: Log }>,
): Promise<Certificates> {
  const { certificate, key } = config;
  const common = certificate === undefined || key === undefined ? [] : [{ host: ANY, certificate, key }];
  const loaded = await Promise.all([...common, ...config.certificates].map(load));
  const [first] = loaded;
  if (!first) throw new Error('tracking: there is no certificate');
  let useFirst: (pem: Pem) => void = () => undefined;
  const reload = async (one: Loaded): Promise<void> => {
    const stamp = await stampOf(one.files.certificate, one.files.key);
    if (stamp === one.stamp) return;
    one.stamp = stamp;
    const { pem, context } = await load(one.files);
    one.pem = pem;
    one.context = context;
    if (one === first) useFirst(pem);
    log.info({ file: one.files.certificate }, 'The certificate of the tracking listener was reloaded.');
  };
  const stop = clock.every(LOOK_EVERY_MS, () => {
    for (const one of loaded)
      reload(one).catch((error: unknown) =>
        log.warn({ error: String(error) }, 'The changed certificate cannot be used; the old one stays.'),
      );
  });
  return {
    contextFor: (host) => (bestFor(host.toLowerCase(), loaded) ?? first).context,
    first: first.pem,
    onFirst: (use) => {
      useFirst = use;
    },
    stop,
  };
}

/** The host's own certificate before that of its domain ("*.shop.example"), before that of all. */
function bestFor(host: string, loaded: readonly Loaded[]): Loaded | undefined {
  const wildcard = host.replace(/^[^.]+/, ANY);
  return [host, wildcard, ANY]
    .map((name) => loaded.find(({ files }) => files.host.toLowerCase() === name))
    .find((found) => found !== undefined);
}

async function load(files: Files): Promise<Loaded> {
  const stamp = await stampOf(files.certificate, files.key);
  try {
    const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
    return {
      files,
      stamp,
      pem: { cert, key },
      context: createSecureContext({ cert, key, minVersion: MIN_TLS }),
    };
  } catch (error) {
    const why = reasonOf(error);
    throw new Error(
      `tracking: the certificate ${files.certificate} with its key ${files.key} cannot be used (${why}); check both PEM files.`,
      { cause: error },
    );
  }
}
