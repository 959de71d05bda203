// Alerts leave as mail through our own queue, from the system account; one that is given twice goes once.
import { domainOf } from '../model/delivery.ts';
import { toAsciiDomain } from '../mail/domain.ts';
import type { Posted } from '../alerts/webhook.ts';
import { subjectOf, writeMail, type Sheet } from '../alerts/write.ts';
import type { SubmitMail } from './backlog.ts';
import type { Base } from './base.ts';
import { systemSubmission } from './system.ts';

/** A batch that is tried again does not come twice within this time, which is longer than it is tried. */
const REPEAT_MS = 24 * 3_600_000;

/** Makes the function that puts an alert mail into the queue. It never rejects. */
export function makeAlertMail({ config, clock }: Base, submit: SubmitMail) {
  return async function mail(sheet: Sheet, to: readonly string[], id: string): Promise<Posted> {
    const { hostname, system } = config;
    const at = clock.now();
    const from = `postino@${system.domain}`;
    const messageId = `alert.${id}@${system.domain}`;
    const body = writeMail(sheet, { hostname, from, to, at, id: messageId });
    const submission = systemSubmission(at, body, {
      from,
      messageId: `<${messageId}>`,
      subject: subjectOf(sheet, hostname),
      headerFrom: from,
      instructions: {},
    });
    const recipients = to.map((address) => ({ address: asciiAddress(address) }));
    const answer = await submit({
      submission,
      recipients,
      body,
      fingerprint: `alert.${id}`,
      repeatWithin: REPEAT_MS,
    });
    return answer.kind === 'queued'
      ? { ok: true }
      : { ok: false, problem: `our own queue did not take it (${answer.why})` };
  };
}

/** Domains of envelope addresses are lower-case A-labels. */
function asciiAddress(address: string): string {
  const domain = domainOf(address);
  return `${address.slice(0, address.lastIndexOf('@'))}@${toAsciiDomain(domain) ?? domain}`;
}
