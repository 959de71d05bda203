// Why a letter cannot be made, as causes: a status of class 4 means later, of class 5 never. Pure.
import type { Cause } from '../model/outcome.ts';
import type { Obstacle } from './seven-bit-body.ts';

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
