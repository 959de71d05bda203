// What "postino check" says of TLS on the way out: whether DANE can be used, and whether reports about TLS can be signed.
import { checkValidation } from '../deliver/security/validating.ts';
import type { CheckContext } from './check.ts';

type Finding = Readonly<{ name: string; state: 'ok' | 'warning'; sentence: string }>;

/** Findings only of what the operator turned on; somebody waits, so that the resolvers are asked with `limits`. */
export async function securityFindings(
  { config, clock, settingsNow }: CheckContext,
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
  return findings;
}
