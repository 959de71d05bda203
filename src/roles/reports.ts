// What comes back about mail of ours, as the kinds of feedback want it: who a delivery was of, events, and where answers go.
import type { Config } from '../config.ts';
import type { Trace } from '../events/log.ts';
import { factsIn, type Facts, type Unknown } from '../feedback/facts.ts';
import type { ComplaintKindDeps } from '../feedback/kinds/complaint.ts';
import { makeOnce } from '../feedback/once.ts';
import { judgeRecipient } from '../feedback/read/judge.ts';
import { timeOfId } from '../lib/ids.ts';
import { makeLru } from '../lib/lru.ts';
import { domainOf } from '../model/delivery.ts';
import type { SubmitMail } from './backlog.ts';
import type { Base } from './base.ts';
import { readBounceRules } from './bounce-rules.ts';
import { makeForward } from './forward.ts';
import { isReturnHost } from './return-path.ts';

/** Deliveries whose facts are kept in memory, and searches at a time: others come back later. */
const MAX_KNOWN = 2000;
const MAX_SEARCHES = 4;
/** What is not written down a day later never will be. */
const EARLY_MS = 86_400_000;

/** Opens it for one process. */
export function openReports(
  base: Base,
  feedback: NonNullable<Config['feedback']>,
  submit: SubmitMail,
): ComplaintKindDeps {
  const { clock, log, tokens, returnPaths, asking: redis, prefix, keys } = base;
  const isOurs = isReturnHost(base);
  const rules = readBounceRules();
  const find = makeFind(base);
  const once = makeOnce({ redis, prefix, stream: keys.events, keepMs: feedback.expire });
  const { toSender, toReader, toOperator } = makeForward(base, { feedback, isOurs, submit, once });
  return {
    isOurs,
    isComplaints: (local) => returnPaths.isComplaints(local, feedback.complaintKeys),
    deliveryOf: (address) => {
      const local = address.slice(0, address.lastIndexOf('@'));
      return isOurs(domainOf(address)) ? returnPaths.read(local, clock.now()) : undefined;
    },
    inToken: (token) => tokens.openUnsubscribe(token)?.delivery,
    factsOf: async (delivery) => {
      const found = await find(delivery);
      return typeof found === 'string' ? found : (found[0] ?? 'gone');
    },
    allFactsOf: find,
    judge: (recipient) => judgeRecipient(rules, recipient),
    once,
    clock,
    log,
    toSender,
    toReader,
    toOperator,
  };
}

type Find = (id: string) => Promise<readonly Facts[] | Unknown>;

/** What comes again and again about the same costs one search; what nobody knows any more, too. */
function makeFind({ eventLog, clock }: Base): Find {
  const known = makeLru<readonly Facts[] | 'gone'>(MAX_KNOWN, (facts) =>
    facts === 'gone' ? 1 : facts.length,
  );
  let running = 0;
  return async (id) => {
    const found = known.get(id);
    if (found) return found;
    if (running >= MAX_SEARCHES) return 'early';
    running++;
    try {
      const facts = factsOf(await eventLog.trace(id), clock.now() - (timeOfId(id) ?? 0));
      if (facts !== 'early') known.put(id, facts);
      return facts;
    } finally {
      running--;
    }
  };
}

function factsOf(trace: Trace, age: number): readonly Facts[] | Unknown {
  if (trace.kind === 'found') return factsIn(trace.events);
  return trace.kind === 'early' && age < EARLY_MS ? 'early' : 'gone';
}
