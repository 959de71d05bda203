// postino transport check, quarantine and release: what the world thinks of a transport, and what operators say to that.
import {
  checkTransportNow,
  quarantineTransport,
  releaseTransport,
  type MonitorVerbs,
} from '../verbs/monitor.ts';
import { declined, done, textOf, type Command, type Result } from './command.ts';

export type MonitorContext = MonitorVerbs;

const reasonOption = { flags: '--reason <text>', summary: 'why, for whoever looks later' };

export const monitorCommands: readonly Command<MonitorContext>[] = [
  {
    words: 'transport check <name>',
    summary: 'Check a transport now: block lists, reverse DNS, EHLO name, address, replies.',
    run: check,
  },
  {
    words: 'transport quarantine <name>',
    summary: 'Let nothing leave by it until you release it; its mail goes to the others of its pool.',
    options: [reasonOption],
    run: async (context, { name = '' }, options) => {
      const put = await quarantineTransport(context, name, textOf(options, 'reason'));
      if (!put.ok) return declined(put);
      return done(`Transport ${name} is quarantined; "postino transport release ${name}" ends that.`, {
        name,
        ...put.value,
      });
    },
  },
  {
    words: 'transport release <name>',
    summary: 'End its quarantine, whoever began it; what is known by now will not quarantine it again.',
    options: [reasonOption],
    run: async (context, { name = '' }, options) => {
      const released = await releaseTransport(context, name, textOf(options, 'reason'));
      if (!released.ok) return declined(released);
      return done(`Transport ${name} is released; the next checks say how well it is.`, {
        name,
        ...released.value,
      });
    },
  },
];

async function check(context: MonitorContext, { name = '' }): Promise<Result> {
  const checked = await checkTransportNow(context, name);
  if (!checked.ok) return declined(checked);
  const findings = checked.value;
  const marks = { ok: 'ok      ', unknown: 'unknown ', warning: 'WARNING ', problem: 'PROBLEM ' } as const;
  const text = findings.map(({ check: what, state, sentence }) => `${marks[state]} ${what}: ${sentence}`);
  const result = done(text.join('\n'), findings);
  return findings.some(({ state }) => state === 'problem') ? { ...result, code: 1 } : result;
}
