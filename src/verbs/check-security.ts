// What a check of the installation says of TLS on the way out and of the scanner: DANE, reports about TLS, whose mail is scanned.
import { checkValidation } from '../deliver/security/validating.ts';
import type { CheckVerbs } from './check.ts';

type Finding = Readonly<{ name: string; state: 'ok' | 'warning'; sentence: string }>;

/** Findings only of what the operator turned on; somebody waits, so that the resolvers are asked with `limits`. */
export async function securityFindings(
  { config, clock, settingsNow, redis }: CheckVerbs,
  limits: Readonly<{ timeout: number; tries: number }>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  if (config.delivery.dane) {
    const { ok, sentence } = await checkValidation({ servers: config.dns.servers, ...limits, clock });
    findings.push({ name: 'dane', state: ok ? 'ok' : 'warning', sentence });
  }
  if (config.delivery.tlsReports) {
    const { domain } = config.system;
    const isSigned = (settingsNow().domains.get(domain)?.keys.length ?? 0) > 0;
    const sentence = isSigned
      ? `Reports about TLS are signed for ${domain}.`
      : `Reports about TLS by mail must be signed, and there are no DKIM keys for ${domain}: "postino domain add ${domain}", and publish its records.`;
    findings.push({ name: 'tls reports', state: isSigned ? 'ok' : 'warning', sentence });
  }
  return [...findings, ...scanFindings(settingsNow().users, config.scan, redis !== undefined)];
}

/**
 * A name that is no user's: with `only` mail is sent unscanned that somebody believes is scanned. `all` is false where only
 * the file's users are known.
 */
export function scanFindings(
  users: ReadonlyMap<string, unknown>,
  scan: Readonly<{ only: readonly string[]; except: readonly string[] }> | undefined,
  all: boolean,
): readonly Finding[] {
  if (!scan || !all) return [];
  return (['only', 'except'] as const).flatMap((list) => {
    const strangers = scan[list].filter((name) => !users.has(name));
    if (strangers.length === 0) return [];
    const sentence = `scan.${list} names ${strangers.join(', ')}, and there is no such user: "postino user list" shows them all.`;
    return [{ name: 'scan', state: 'warning', sentence }];
  });
}
