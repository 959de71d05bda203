// Control fields: header fields that steer a relay, whatever the dialect; none of them reaches a recipient. Pure data.

const OURS = 'x-postino-';
const INSTRUCTIONS: ReadonlySet<string> = new Set(['x-smtpapi', 'x-msys-api', 'idempotency-key']);
const PREFIXES = [OURS, 'x-mc-', 'x-mailgun-', 'x-pm-', 'x-mj-', 'x-mailjet-', 'x-ses-', 'x-sg-'];
const PRIVATE: ReadonlySet<string> = new Set(['bcc', 'resent-bcc', 'return-path']);

/** True for a field (name in lower case) that steers this relay and no other. */
function isOurInstruction(name: string): boolean {
  return name.startsWith(OURS);
}

/** True for a field (name in lower case) by which a sender asks the relay for something. */
export function isInstruction(name: string): boolean {
  if (INSTRUCTIONS.has(name)) return true;
  return name.startsWith('x-') && PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** True for a field (name in lower case) that must be removed before signing: instructions, Bcc and Return-Path. */
export function isControlField(name: string): boolean {
  return PRIVATE.has(name) || isInstruction(name);
}

/** The same in mail that only passes through: the fields of vendors are none of our business there. */
export function isControlFieldInPassing(name: string): boolean {
  return PRIVATE.has(name) || isOurInstruction(name);
}
