// Certificates of the public listener: one for all hosts or one for each, reloaded when their files change.
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { TrackingConfig } from '../tracking-config.ts';

export type Certificates = Readonly<{
  /** The context for a host; the first one where no certificate names it. */
  contextFor(host: string): SecureContext;
  stop(): void;
}>;

type Files = Readonly<{ host: string; certificate: string; key: string }>;
type Loaded = { readonly files: Files; stamp: string; context: SecureContext };

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
  const reload = async (one: Loaded): Promise<void> => {
    const stamp = await stampOf(one.files);
    if (stamp === one.stamp) return;
    one.stamp = stamp;
    one.context = (await load(one.files)).context;
    log.info({ file: one.files.certificate }, 'The certificate of the tracking listener was reloaded.');
  };
  const stop = clock.every(LOOK_EVERY_MS, () => {
    for (const one of loaded)
      reload(one).catch((error: unknown) =>
        log.warn({ error: String(error) }, 'The changed certificate cannot be used; the old one stays.'),
      );
  });
  const [first] = loaded;
  if (!first) throw new Error('tracking: there is no certificate');
  return {
    contextFor: (host) => (bestFor(host.toLowerCase(), loaded) ?? first).context,
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
  const stamp = await stampOf(files);
  try {
    const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
    return { files, stamp, context: createSecureContext({ cert, key, minVersion: 'TLSv1.2' }) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `tracking: the certificate ${files.certificate} with its key ${files.key} cannot be used (${why}); check both PEM files.`,
      { cause: error },
    );
  }
}

async function stampOf({ certificate, key }: Files): Promise<string> {
  const stamps = await Promise.all(
    [certificate, key].map((path) =>
      stat(path).then(
        ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
        () => '',
      ),
    ),
  );
  return stamps.join();
}
