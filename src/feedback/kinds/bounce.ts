// Return paths (VERP): the HMAC in the address proves the delivery; bounces are told, answers go on to the sender.
import { readReport } from '../read/read-report.ts';
import type { Kind, Mail, Receipt } from '../kind.ts';
import { takeBounce, takeComplaintAt, unknown, type ReportDeps } from './reports.ts';

/** Makes the kind for mail to return paths. */
export function makeBounceKind(deps: ReportDeps): Kind {
  const deliveryOf = ({ local, domain }: Mail['to']): string | undefined =>
    deps.deliveryOf(`${local}@${domain}`);
  return {
    name: 'bounce',
    takes: (to) => deliveryOf(to) !== undefined,
    receive: async (mail) => {
      const delivery = deliveryOf(mail.to);
      return delivery === undefined ? 'expired' : take(delivery, mail, deps);
    },
  };
}

async function take(delivery: string, mail: Mail, deps: ReportDeps): Promise<Receipt> {
  const report = readReport(mail.message);
  switch (report.kind) {
    case 'bounce':
      return takeBounce(delivery, report, mail, deps);
    // It is still on its way: what becomes of it is told later, if at all.
    case 'delay':
      return 'taken';
    case 'complaint':
      return takeComplaintAt(delivery, report.complaint, deps);
    case 'auto-reply':
    case 'other': {
      const facts = await deps.factsOf(delivery);
      if (typeof facts === 'string') return unknown(facts, { delivery, what: 'answer' }, deps);
      return deps.toSender(facts, mail);
    }
  }
}
