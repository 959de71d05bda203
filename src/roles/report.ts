// Reports of final failures (RFC 3464) go to the sender through our own queue, from the system account.
import type { Cause } from '../model/outcome.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Submission } from '../model/submission.ts';
import type { Submitted, SubmitRequest } from '../backlog/submit.ts';
import { wantsReport, writeReport } from '../compose/report.ts';
import { newId } from '../lib/ids.ts';
import type { Base } from './base.ts';
import { SYSTEM } from './backlog.ts';

const HEAD_BYTES = 100 * 1024;

/** Makes the function that the backlog calls on a final failure. A report that is repeated keeps its name and goes once. */
export function makeReporter(base: Base, submit: (request: SubmitRequest) => Promise<Submitted>) {
  return async function report(submission: Submission, delivery: Delivery, cause: Cause): Promise<void> {
    const to = addressOf(base, submission);
    if (to === undefined || !wantsReport(submission, delivery, 'failed')) return;
    const answer = await submit(await requestOf(base, { submission, delivery, cause }, to));
    // Thrown, so that the end is not recorded before its report is safe; the backlog tries both again.
    if (answer.kind === 'refused')
      throw new Error(`the report of ${delivery.id} was not stored (${answer.why})`);
  };
}

/** Who hears of a user's failures: the envelope sender, an address that the user chose, or nobody. */
function addressOf(base: Base, submission: Submission): string | undefined {
  if (submission.from === '' || submission.user === SYSTEM) return undefined;
  const wish = base.settingsNow().users.get(submission.user)?.notifications ?? 'sender';
  if (wish === 'off') return undefined;
  return wish === 'sender' ? submission.from : wish;
}

async function requestOf(
  base: Base,
  failure: Readonly<{ submission: Submission; delivery: Delivery; cause: Cause }>,
  to: string,
): Promise<SubmitRequest> {
  const { submission, delivery } = failure;
  const { config, clock } = base;
  const at = clock.now();
  const id = newId(at);
  const original = await base.bodies.load(submission).catch(() => undefined);
  const whole = Buffer.isBuffer(original) ? original : Buffer.alloc(0);
  const header = whole.subarray(0, Math.min(submission.headerSize, HEAD_BYTES));
  const { hostname, system } = config;
  const body = writeReport({
    ...failure,
    hostname,
    systemDomain: system.domain,
    header,
    body: whole.subarray(submission.headerSize),
    at,
    id,
    to,
  });
  const report: Submission = {
    v: 1,
    id,
    account: SYSTEM,
    user: SYSTEM,
    at,
    from: '',
    size: body.length,
    headerSize: body.indexOf('\r\n\r\n') + 4,
    body: 'redis:',
    smtputf8: false,
    eightBit: false,
    messageId: `<${id}@${system.domain}>`,
    subject: 'Undelivered mail',
    headerFrom: `MAILER-DAEMON@${system.domain}`,
    received: { helo: 'localhost', address: '127.0.0.1', protocol: 'HTTP' },
    instructions: {},
  };
  return { submission: report, recipients: [{ address: to }], body, fingerprint: `report.${delivery.id}` };
}
