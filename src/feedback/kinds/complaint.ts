// fbl-…@: the address that is registered for feedback loops, which only their providers know; the rest is for the operator.
import { readReport } from '../read/read-report.ts';
import type { Kind, Mail, Receipt } from '../kind.ts';
import { takeComplaint, type ReportDeps } from './reports.ts';

export type ComplaintKindDeps = ReportDeps & Readonly<{ isComplaints(local: string): boolean }>;

/** Makes the kind for reports of feedback loops. */
export function makeComplaintKind(deps: ComplaintKindDeps): Kind {
  return {
    name: 'complaint',
    takes: ({ local, domain }) => deps.isOurs(domain) && deps.isComplaints(local),
    receive: (mail) => takeReport(mail, 'secret', deps),
  };
}

/** A complaint is told; everything else, such as a provider's question whether the address is ours, goes to the operator. */
export async function takeReport(mail: Mail, way: 'secret' | 'open', deps: ReportDeps): Promise<Receipt> {
  const report = readReport(mail.message);
  if (report.kind !== 'complaint') return deps.toOperator(mail);
  const { complaint, original } = report;
  const receipt = await takeComplaint({ complaint, original, message: mail.message, way }, deps);
  if (receipt !== 'unproved') return receipt;
  // At an open address a person may have written it.
  return way === 'open' ? deps.toOperator(mail) : 'taken';
}
