// Control fields: header fields that steer a relay, whatever the dialect; none of them reaches a recipient. Pure data.

const INSTRUCTIONS: ReadonlySet<string> = new Set(['x-smtpapi', 'x-msys-api', 'idempotency-key']);
const PREFIXES = ['x-postino-', 'x-mc-', 'x-mailgun-', 'x-pm-', 'x-mj-', 'x-mailjet-', 'x-ses-', 'x-sg-'];
const PRIVATE: ReadonlySet<string> = new Set(['bcc', 'resent-bcc', 'return-path']);

/** True for a field (name in lower case) by which a sender asks the relay for something. */
export function isInstruction(name: string): boolean {
  if (INSTRUCTIONS.has(name)) return true;
  return name.startsWith('x-') && PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** True for a field (name in lower case) that must be removed before signing: instructions, Bcc and Return-Path. */
export function isControlField(name: string): boolean {
  return PRIVATE.has(name) || isInstruction(name);
}
