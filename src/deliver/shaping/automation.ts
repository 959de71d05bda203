// Automation: what replies mean for how we go on, by rules that are data; it counts them and says when a limit is due. Pure.
import { sayRate } from '../../lib/rate.ts';
import type { RemoteReply } from '../../model/outcome.ts';
import type { AutomationRule } from '../providers-file.ts';
import { keyOf, type Heard } from './limit.ts';

/** What a rule is due for. */
export type Due = Readonly<{ rule: AutomationRule; key: string; why: string }>;

const MAX_COUNTED = 10_000;
const MAX_TIMES = 1000;

/** Counts replies that rules know. A class: it has changing state. */
export class Automation {
  readonly #general: readonly AutomationRule[];
  /** By rule and key: when they were heard, oldest first (monotonic milliseconds). */
  readonly #heard = new Map<string, number[]>();

  constructor(general: readonly AutomationRule[]) {
    this.#general = general;
  }

  /** Takes in what a peer said as it refused or deferred something; `own` are the rules of its provider. */
  hear(reply: RemoteReply, where: Heard, own: readonly AutomationRule[], now: number): readonly Due[] {
    return [...own, ...this.#general].flatMap((rule) => {
      if (!knows(rule, reply)) return [];
      const key = keyOf(rule.on, where);
      return this.#isDue(rule, key, now) ? [{ rule, key, why: sayWhy(rule, reply) }] : [];
    });
  }

  #isDue({ name, after }: AutomationRule, key: string, now: number): boolean {
    if (!after || after.count <= 1) return true;
    const id = `${name}\0${key}`;
    const times = (this.#heard.get(id) ?? []).filter((at) => now - at < after.perMs);
    times.push(now);
    if (this.#heard.size >= MAX_COUNTED) this.#heard.clear();
    if (times.length < after.count) {
      this.#heard.set(id, times.slice(-MAX_TIMES));
      return false;
    }
    this.#heard.delete(id);
    return true;
  }
}

/** True when the rule is about this reply. */
export function knows({ codes, text }: AutomationRule, reply: RemoteReply): boolean {
  if (codes && !codes.includes(reply.code)) return false;
  return text.test(`${reply.code} ${reply.status === undefined ? '' : `${reply.status} `}${reply.text}`);
}

function sayWhy({ after }: AutomationRule, { code, status, text }: RemoteReply): string {
  const said = [code, status, text].filter((part) => part !== undefined).join(' ');
  const often = after && after.count > 1 ? ` (${sayRate(after)})` : '';
  return `The other side said${often}: ${said.slice(0, 300)}`;
}
