// Control fields: header fields that steer a relay, whatever the dialect; none of them reaches a recipient. Pure data.

const NAMES: ReadonlySet<string> = new Set(['x-smtpapi', 'x-msys-api', 'bcc', 'resent-bcc', 'return-path']);
const PREFIXES = ['x-postino-', 'x-mc-', 'x-mailgun-', 'x-pm-', 'x-mj-', 'x-mailjet-', 'x-ses-', 'x-sg-'];

/** True for a field (name in lower case) that must be removed before signing: control headers, Bcc and Return-Path. */
export function isControlField(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}
