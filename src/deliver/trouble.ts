// Trouble: how a connection or a transaction failed, before it is judged. Pure.
import type { Cause, Phase, RemoteReply } from '../model/outcome.ts';
import { classify, type BounceRules } from '../model/classify.ts';
import { sayReply } from './conversation.ts';

/**
 * refused: the peer said so, in `reply` · lost: the connection ended or never came to be · timeout: no answer in time ·
 * protocol: what came was not SMTP · tls: encryption failed · local: this host could not · withdrawn: we may not go on ·
 * aborted: cut off by our own deadline or stop · unfit: the peer cannot take this letter, `status` says why.
 */
export type Trouble = Readonly<{
  kind: 'refused' | 'lost' | 'timeout' | 'protocol' | 'tls' | 'local' | 'withdrawn' | 'aborted' | 'unfit';
  phase: Phase;
  detail: string;
  reply?: RemoteReply;
  status?: string;
}>;

/** Trouble judged: a cause, and whether it is for good. `host` names the peer in the sentence. */
export type Judgement = Readonly<{ cause: Cause; permanent: boolean }>;

const STATUS: Readonly<Record<Exclude<Trouble['kind'], 'refused' | 'unfit'>, string>> = {
  lost: '4.4.2',
  timeout: '4.4.2',
  protocol: '4.5.0',
  tls: '4.7.5',
  local: '4.3.0',
  withdrawn: '4.3.2',
  aborted: '4.3.2',
};

const CLASS = {
  lost: 'connection',
  timeout: 'connection',
  protocol: 'protocol',
  tls: 'tls',
  local: 'local',
  withdrawn: 'local',
  aborted: 'local',
} as const;

const STEP: Readonly<Record<Phase, string>> = {
  policy: 'the message',
  compose: 'the message',
  dns: 'the domain',
  connect: 'the connection',
  tls: 'TLS',
  greeting: 'the connection',
  ehlo: 'our EHLO',
  auth: 'our log-in',
  mail: 'the sender',
  rcpt: 'the recipient',
  data: 'the message',
  dot: 'the message',
};

/** Judges trouble with `host`. Only a reply, or a letter that the peer cannot take, can be permanent. */
export function judge(rules: BounceRules, trouble: Trouble, host: string, ambiguous: boolean): Judgement {
  const { kind, phase, reply } = trouble;
  if (kind === 'unfit') {
    const status = trouble.status ?? '5.6.0';
    const unfit = status === '5.3.4' ? 'message-too-big' : 'unsupported';
    return { permanent: true, cause: { phase, class: unfit, status, detail: trouble.detail } };
  }
  if (kind === 'refused' && reply) {
    const verdict = classify(rules, phase, reply);
    const status = statusFor(reply, verdict.permanent);
    const detail = `${host} refused ${STEP[phase]}: ${sayReply(reply)}`;
    return { permanent: verdict.permanent, cause: { phase, class: verdict.class, status, detail, reply } };
  }
  const name = kind === 'refused' ? 'protocol' : kind;
  const status = phase === 'connect' && STATUS[name] === '4.4.2' ? '4.4.1' : STATUS[name];
  const cause: Cause = {
    phase,
    class: CLASS[name],
    status,
    detail: trouble.detail,
    ...(reply && { reply }),
    ...(ambiguous && { ambiguous }),
  };
  return { permanent: false, cause };
}

/** The peer's status, or a general one; its first digit says what we make of it. */
function statusFor(reply: RemoteReply, permanent: boolean): string {
  return `${permanent ? '5' : '4'}${reply.status?.slice(1) ?? '.0.0'}`;
}
