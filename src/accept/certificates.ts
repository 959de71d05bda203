// TLS certificates of the listeners: from files, reloaded when they change, or self-signed ones made on first start.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { stampOf } from '../lib/stamp.ts';
import { startProblem } from './problem.ts';

export type CertificateFiles = Readonly<{ certificate: string; key: string }>;
export type Certificate = Readonly<{ cert: string; key: string }>;

export type Certificates = Readonly<{
  /** Reads the files, or the self-signed certificate where none are named. Throws a StartProblem. */
  load(files: CertificateFiles | undefined): Promise<Certificate>;
  /** Calls `changed` whenever the files hold another certificate that is sound. Returns how to stop. */
  watch(files: CertificateFiles | undefined, changed: (certificate: Certificate) => void): () => void;
}>;

const LOOK_EVERY_MS = 30_000;
const VALID_MS = 10 * 365 * 86_400_000;

export type CertificatesDeps = Readonly<{
  /** Takes the self-signed certificate ("self-signed.crt" and ".key", mode 0600). */
  folder: string;
  hostname: string;
  clock: Clock;
  log: Log;
  /** Mail hosts take any certificate (RFC 7435), so that a self-signed one is as good there; absent: clients check it. */
  checkedBy?: 'clients' | 'nobody';
}>;

/** Makes the certificates of one door. */
export function makeCertificates(deps: CertificatesDeps): Certificates {
  const { folder, hostname, clock, log } = deps;
  const own: CertificateFiles = {
    certificate: join(folder, 'self-signed.crt'),
    key: join(folder, 'self-signed.key'),
  };
  let warned = deps.checkedBy === 'nobody';
  return {
    load: async (files) => {
      if (files) return sound(files, await readBoth(files));
      if (await isMissing(own)) await makeSelfSigned(own, { folder, hostname, clock });
      if (!warned)
        log.warn(
          { file: own.certificate },
          'TLS uses a self-signed certificate, which strict clients refuse; set smtp.certificate and smtp.key.',
        );
      warned = true;
      return sound(own, await readBoth(own));
    },
    watch: (files, changed) => {
      if (!files) return () => undefined;
      let seen: string | undefined;
      const look = async (): Promise<void> => {
        const stamp = await stampOf(files.certificate, files.key);
        const isFirst = seen === undefined;
        if (stamp === undefined || stamp === seen) return;
        seen = stamp;
        if (isFirst) return;
        changed(sound(files, await readBoth(files)));
        log.info({ file: files.certificate }, 'The TLS certificate was reloaded.');
      };
      const lookSafely = (): void => {
        look().catch((error: unknown) =>
          log.warn(
            { err: error, file: files.certificate },
            'The changed TLS certificate cannot be used; the old one stays.',
          ),
        );
      };
      lookSafely();
      return clock.every(LOOK_EVERY_MS, lookSafely);
    },
  };
}

async function readBoth(files: CertificateFiles): Promise<Certificate> {
  const read = async (file: string, what: string): Promise<string> => {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      throw startProblem(
        `The TLS ${what} ${file} cannot be read; correct smtp.${what} or the file's permissions.`,
        error,
      );
    }
  };
  return { cert: await read(files.certificate, 'certificate'), key: await read(files.key, 'key') };
}

/** The certificate, if it is one and the key is its own. */
function sound(files: CertificateFiles, certificate: Certificate): Certificate {
  try {
    createSecureContext(certificate);
    return certificate;
  } catch (error) {
    const both = `${files.certificate} and ${files.key}`;
    throw startProblem(
      `The TLS certificate and key in ${both} cannot be used together; check both PEM files.`,
      error,
    );
  }
}

async function isMissing(files: CertificateFiles): Promise<boolean> {
  return (await stampOf(files.certificate, files.key)) === undefined;
}

async function makeSelfSigned(
  files: CertificateFiles,
  { folder, hostname, clock }: Readonly<{ folder: string; hostname: string; clock: Clock }>,
): Promise<void> {
  const names = [...new Set([hostname, 'localhost'])].map((value) => ({ type: 2 as const, value }));
  const made = await generate([{ name: 'commonName', value: hostname.slice(0, 64) }], {
    keyType: 'rsa', // old devices know no ECDSA
    keySize: 2048,
    algorithm: 'sha256',
    notBeforeDate: new Date(clock.now() - 86_400_000),
    notAfterDate: new Date(clock.now() + VALID_MS),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [...names, { type: 7, ip: '127.0.0.1' }, { type: 7, ip: '::1' }] },
    ],
  });
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(files.key, made.private, { mode: 0o600 });
    await writeFile(files.certificate, made.cert, { mode: 0o600 });
  } catch (error) {
    throw startProblem(
      `A TLS certificate cannot be written to ${folder}; correct the folder's permissions.`,
      error,
    );
  }
}
