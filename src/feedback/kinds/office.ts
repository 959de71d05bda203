// postmaster@ and abuse@ (RFC 5321 §4.5.1, RFC 2142): complaints that prove themselves are told, the rest is for the operator.
import type { Kind } from '../kind.ts';
import { takeReport } from './complaint.ts';
import type { ReportDeps } from './reports.ts';

const LOCALS: ReadonlySet<string> = new Set(['postmaster', 'abuse']);

/** Makes the kind for mail to those who run this installation. */
export function makeOfficeKind(deps: ReportDeps): Kind {
  return {
    name: 'office',
    takes: ({ local, domain }) => LOCALS.has(local) && deps.isOurs(domain),
    receive: (mail) => takeReport(mail, 'open', deps),
  };
}
