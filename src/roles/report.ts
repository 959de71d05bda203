// Reports of final failures (RFC 3464) go to the sender through our own queue, from the system account.
import type { Failure } from '../backlog/attempt.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Submission } from '../model/submission.ts';
import type { Submitted, SubmitRequest } from '../backlog/submit.ts';
import { mayUse } from '../accept/policy.ts';
import { readHead } from '../compose/body.ts';
import { wantsReport, writeReport } from '../compose/report.ts';
import { newId } from '../lib/ids.ts';
import type { Base } from './base.ts';
import { SYSTEM, systemSubmission } from './system.ts';

const HEAD_BYTES = 100 * 1024;

/** Makes the function that the backlog calls on a final failure. A report that is repeated keeps its name and goes once. */
export function makeReporter(base: Base, submit: (request: SubmitRequest) => Promise<Submitted>) {
  return async function report(submission: Submission, delivery: Delivery, failure: Failure): Promise<void> {
    const to = addressOf(base, submission);
    if (to === undefined || !wantsReport(submission, delivery, 'failed')) return;
    const answer = await submit(await requestOf(base, { submission, delivery, ...failure }, to));
    // Thrown, so that the end is not recorded before its report is safe; the backlog tries both again.
    if (answer.kind === 'refused')
      throw new Error(`the report of ${delivery.id} was not stored (${answer.why})`);
  };
}

/** Who hears of a user's failures: the envelope sender, an address that the user chose, or nobody. */
function addressOf(base: Base, submission: Submission): string | undefined {
  if (submission.from === '' || submission.user === SYSTEM) return undefined;
  const user = base.settingsNow().users.get(submission.user);
  const wish = user?.notifications ?? 'sender';
  if (wish === 'off') return undefined;
  if (wish !== 'sender') return wish;
  // A trusted smart host also hands in mail of strangers: those never asked us for anything, and get no reports.
  const isStranger = user?.trustedSmartHost === true && !mayUse(user, submission.from);
  return isStranger ? user.bounceAddress : submission.from;
}

async function requestOf(
  base: Base,
  failure: Readonly<{ submission: Submission; delivery: Delivery }> & Failure,
  to: string,
): Promise<SubmitRequest> {
  const { submission, delivery } = failure;
  const { config, clock } = base;
  const at = clock.now();
  const id = newId(at);
  const stored = (await base.bodies.load(submission)) ?? Buffer.alloc(0);
  const header = await readHead(stored, Math.min(submission.headerSize, HEAD_BYTES));
  // A large original comes back as its header anyway.
  const original = Buffer.isBuffer(stored) ? { body: stored.subarray(submission.headerSize) } : {};
  const { hostname, system } = config;
  const { tls } = submission.instructions;
  const body = writeReport({
    ...failure,
    ...original,
    hostname,
    systemDomain: system.domain,
    header,
    at,
    id,
    to,
  });
  const report = systemSubmission(at, body, {
    id,
    from: '',
    messageId: `<${id}@${system.domain}>`,
    subject: 'Undelivered mail',
    headerFrom: `MAILER-DAEMON@${system.domain}`,
    // RFC 8689 §5: what was not to be read on its way is not to be read on its way back.
    instructions: tls === undefined ? {} : { tls },
  });
  return { submission: report, recipients: [{ address: to }], body, fingerprint: `report.${delivery.id}` };
}
