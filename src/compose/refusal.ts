// Why a letter cannot be made, as causes: a status of class 4 means later, of class 5 never. Pure.
import type { Cause } from '../model/outcome.ts';
import type { Obstacle } from './seven-bit-body.ts';
import type { Refusal } from './worker/jobs.ts';

/** The bytes cannot be had in the form that the peer takes. */
export function cannotConvert(obstacle: Obstacle): Cause {
  const detail = {
    sealed:
      'The receiving server takes 7-bit mail only, and changing this signed or encrypted message would break it; encode its parts as base64 or quoted-printable before signing.',
    structure:
      'The receiving server takes 7-bit mail only, and the parts of this message cannot be read well enough to encode them; send it in 7 bits.',
    header:
      'The receiving server takes 7-bit mail only, and a header field inside this message cannot be written in 7 bits; encode it as RFC 2047 says.',
  }[obstacle];
  return { phase: 'compose', class: 'unsupported', status: '5.6.3', detail }; // RFC 3463 §3.7: conversion required
}

/** An address or identifier over ASCII, and a peer that does not offer SMTPUTF8 (RFC 6531 §3.5). */
export function needsSmtputf8(what: 'envelope' | 'header'): Cause {
  const detail =
    what === 'envelope'
      ? 'The receiving server does not take international addresses (SMTPUTF8); use an address in plain ASCII.'
      : 'A header field of this message needs international mail (SMTPUTF8), which the receiving server does not offer; use ASCII addresses and identifiers.';
  return { phase: 'compose', class: 'unsupported', status: '5.6.7', detail };
}

/** Mail that should be signed is not sent without a signature; it waits until an operator has seen to the key. */
export function cannotSign(domain: string, selector: string, why: string): Cause {
  const detail = `The message could not be signed with DKIM key ${selector} of ${domain} (${why}); it waits. Give the domain that key again, or cancel the delivery and send the message anew.`;
  return { phase: 'compose', class: 'local', status: '4.3.5', detail };
}

/** A delivery whose record does not say how to sign. */
export function notPinned(): Cause {
  return {
    phase: 'compose',
    class: 'local',
    status: '4.3.5',
    detail:
      'The record of this delivery does not say which keys sign it; it waits. This is a fault of the relay: please report it.',
  };
}

/** A version of a template that is not stored (any more). */
export function noTemplate(name: string, version: number): Cause {
  const detail = `The template "${name}", version ${version}, is not there any more; store it again and send the message anew.`;
  return { phase: 'compose', class: 'unsupported', status: '5.6.0', detail };
}

/** A template that could not be filled in. What is only slow may go another time, as long as there is `patience`. */
export function notRendered(
  name: string,
  { kind, problem }: Pick<Refusal, 'kind' | 'problem'>,
  patience: boolean,
): Cause {
  const detail = `The template "${name}" could not be filled in. ${problem}`;
  return kind === 'busy' || (kind === 'slow' && patience)
    ? { phase: 'compose', class: 'local', status: '4.3.2', detail }
    : { phase: 'compose', class: 'unsupported', status: '5.6.0', detail };
}

/** CSS that may be inlined another time. */
export function notInlined({ problem }: Pick<Refusal, 'problem'>): Cause {
  const detail = `The CSS of the message could not be inlined just now. ${problem}`;
  return { phase: 'compose', class: 'local', status: '4.3.2', detail };
}

/** Values that were given and cannot be put in: half a message is not sent. */
export function cannotMerge(why: string): Cause {
  const detail = `The message could not be personalised: ${why}`;
  return { phase: 'compose', class: 'unsupported', status: '5.6.0', detail };
}
