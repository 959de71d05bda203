// MTA-STS (RFC 8461): its record in the DNS, its policy file, and which mail hosts a policy names. Pure.

export type StsMode = 'enforce' | 'testing' | 'none';

export type StsPolicy = Readonly<{
  mode: StsMode;
  /** Patterns of host names in lower case: "mx.example.org", or "*.example.org" for one label more. */
  mx: readonly string[];
  maxAgeMs: number;
  /** Its lines as they came, for reports; at most `MAX_LINES`. */
  lines: readonly string[];
}>;

/** A policy, or what is wrong with the file, as a part of a sentence. */
export type StsRead = Readonly<{ policy: StsPolicy } | { problem: string }>;

const MAX_AGE_S = 31_557_600; // RFC 8461 §3.2: one year
const MAX_MX = 50;
const MAX_LINES = 60;
const MAX_LINE_CHARS = 200;

/**
 * The id of the policy that TXT records (strings joined) at _mta-sts.<domain> announce; undefined when they announce none:
 * RFC 8461 §3.1 wants exactly one record of this version.
 */
export function readStsRecord(records: readonly string[]): string | undefined {
  const ours = records.filter((text) => /^v=STSv1[ \t]*;/.test(text));
  const [record] = ours;
  if (record === undefined || ours.length > 1) return undefined;
  const ids = record
    .split(';')
    .flatMap((field) => /^[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*$/.exec(field)?.[1] ?? []);
  return ids[0];
}

/** Reads a policy file (RFC 8461 §3.2): the first of repeated keys counts, but for mx; unknown keys are left alone. */
export function readStsPolicy(text: string): StsRead {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const pairs = lines.map((line) => {
    const colon = line.indexOf(':');
    return { key: line.slice(0, Math.max(colon, 0)).trim(), value: line.slice(colon + 1).trim() };
  });
  const first = (key: string): string | undefined => pairs.find((pair) => pair.key === key)?.value;
  if (first('version') !== 'STSv1') return { problem: 'it has no "version: STSv1"' };
  const mode = first('mode');
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none')
    return { problem: 'its mode is none that exists' };
  const age = first('max_age') ?? '';
  if (!/^\d{1,10}$/.test(age)) return { problem: 'its max_age is no number of seconds' };
  const mx = pairs
    .filter(({ key }) => key === 'mx')
    .map(({ value }) => value.toLowerCase().replace(/\.$/, ''));
  if (mx.length > MAX_MX) return { problem: `it names more than ${MAX_MX} hosts` };
  if (!mx.every(isPattern)) return { problem: 'one of its "mx:" lines is no host name' };
  if (mode !== 'none' && mx.length === 0) return { problem: 'it names no mail host' };
  const kept = lines.slice(0, MAX_LINES).map((line) => line.slice(0, MAX_LINE_CHARS));
  return { policy: { mode, mx, maxAgeMs: Math.min(Number(age), MAX_AGE_S) * 1000, lines: kept } };
}

/** True when the policy names this host (lower case, no last dot). RFC 8461 §4.1: "*" stands for one label, the leftmost. */
export function namesHost(policy: Pick<StsPolicy, 'mx'>, host: string): boolean {
  return policy.mx.some((pattern) =>
    pattern.startsWith('*.')
      ? host.slice(host.indexOf('.')) === pattern.slice(1) && host.indexOf('.') > 0
      : host === pattern,
  );
}

function isPattern(pattern: string): boolean {
  return (
    pattern.length <= 253 &&
    /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/.test(pattern)
  );
}
