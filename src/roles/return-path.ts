// Which return path a delivery gets: one of ours, in the sender's domain where that has a host for it, or that of its sender.
import { withParents } from '../mail/domain.ts';
import { readMailboxes } from '../mail/address.ts';
import { domainOf } from '../model/delivery.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Settings, User } from '../model/settings.ts';
import type { Submission } from '../model/submission.ts';
import type { Base } from './base.ts';

type WithPaths = Pick<Base, 'config' | 'settingsNow' | 'returnPaths'>;

/** Undefined: its deliveries have the envelope sender of the submission. */
export function returnPathOf(
  { config, settingsNow, returnPaths }: WithPaths,
  submission: Submission,
): ((delivery: string, due: EpochMs) => string) | undefined {
  // What has the null sender keeps it: nobody wants to hear of its bounces.
  if (!config.feedback || submission.from === '') return undefined;
  const settings = settingsNow();
  const user = settings.users.get(submission.user);
  if (!user || !wantsReturnPath(user)) return undefined;
  const host = hostFor(submission, settings, config.feedback.domain);
  if (host === undefined) return undefined;
  return (delivery, due) => {
    const local = returnPaths.write(delivery, due);
    return local === undefined ? submission.from : `${local}@${host}`;
  };
}

/** True for hosts of ours that bounces come to: feedback.domain, and those of sender domains. */
export function isReturnHost({
  config,
  settingsNow,
}: Omit<WithPaths, 'returnPaths'>): (host: string) => boolean {
  let revision = -1;
  let hosts: ReadonlySet<string> = new Set();
  return (host) => {
    const settings = settingsNow();
    if (settings.revision !== revision) {
      const own = [...settings.domains.values()].map(({ returnPath }) => returnPath ?? '');
      hosts = new Set([config.feedback?.domain ?? '', ...own].filter((one) => one !== ''));
      revision = settings.revision;
    }
    return hosts.has(host);
  };
}

function wantsReturnPath({ verp, trustedSmartHost }: User): boolean {
  return verp ?? !trustedSmartHost;
}

/** A return path domain that the message asked for is used where it is one of these hosts; elsewhere bounces are not ours. */
function hostFor(submission: Submission, settings: Settings, fallback: string): string | undefined {
  const { account, instructions } = submission;
  const { returnPathDomain: wished } = instructions;
  if (wished !== undefined) {
    const all = [...settings.domains.values()];
    return all.find((entry) => entry.returnPath === wished && entry.account === account)?.returnPath;
  }
  const rewritten = submission.rewrite && readMailboxes(submission.rewrite.from)?.[0]?.address;
  const named = withParents(domainOf(rewritten ?? submission.headerFrom))
    .map((name) => settings.domains.get(name))
    .find((entry) => entry?.returnPath !== undefined && entry.account === account);
  return named?.returnPath ?? fallback;
}
