// Which country an address is in, from the operator's own .mmdb file; the only file that imports maxmind.
import { readFile } from 'node:fs/promises';
import { Reader, type CountryResponse } from 'maxmind';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { stampOf } from '../lib/stamp.ts';
import { reasonOf } from '../lib/reason.ts';

/** ISO 3166-1 code such as "IT"; undefined when the file does not know, or there is none. */
export type CountryOf = (ip: string) => string | undefined;

export type Geo = Readonly<{ countryOf: CountryOf; stop(): void }>;

const LOOK_EVERY_MS = 60_000;

/** Without a file nobody's country is known. Rejects with one sentence when the file cannot be used. */
export async function openGeo(
  file: string | undefined,
  { clock, log }: Readonly<{ clock: Clock; log: Log }>,
): Promise<Geo> {
  if (file === undefined) return { countryOf: () => undefined, stop: () => undefined };
  let stamp = await stampOf(file);
  let reader = await read(file);
  const look = async (): Promise<void> => {
    const now = await stampOf(file);
    if (now === stamp) return;
    // Taken note of first: a broken file is complained about once, and the old content stays.
    stamp = now;
    reader = await read(file);
    log.info({ file }, 'The file of countries was reloaded.');
  };
  const stop = clock.every(LOOK_EVERY_MS, () => {
    look().catch((error: unknown) =>
      log.warn(
        { file, error: String(error) },
        'The changed file of countries cannot be used; the old one stays.',
      ),
    );
  });
  return { countryOf: (ip) => codeOf(reader, ip), stop };
}

async function read(file: string): Promise<Reader<CountryResponse>> {
  try {
    return new Reader<CountryResponse>(await readFile(file));
  } catch (error) {
    const why = reasonOf(error);
    throw new Error(
      `tracking: the file ${file} cannot be read as an .mmdb of countries (${why}); correct "geo" under "tracking".`,
      { cause: error },
    );
  }
}

/** Files of others come in other forms: what is no two letters is no country. */
function codeOf(reader: Reader<CountryResponse>, ip: string): string | undefined {
  try {
    const found: unknown = reader.get(ip);
    const code = isRecord(found) ? (isoOf(found['country']) ?? found['country_code']) : undefined;
    return typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : undefined;
  } catch {
    return undefined; // not an address, or IPv6 in a file of IPv4 addresses
  }
}

function isoOf(country: unknown): unknown {
  return isRecord(country) ? country['iso_code'] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
