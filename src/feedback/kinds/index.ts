// All kinds of addresses of ours, in the order in which they are asked. A new one is a file here and a word below.
import type { Kind } from '../kind.ts';
import { makeBounceKind } from './bounce.ts';
import { makeComplaintKind, type ComplaintKindDeps } from './complaint.ts';
import { makeOfficeKind } from './office.ts';
import { makeUnsubscribeKind, type UnsubscribeKindDeps } from './unsubscribe.ts';

export type KindDeps = UnsubscribeKindDeps & ComplaintKindDeps;

/** Makes all kinds. */
export function makeKinds(deps: KindDeps): readonly Kind[] {
  return [makeBounceKind(deps), makeUnsubscribeKind(deps), makeComplaintKind(deps), makeOfficeKind(deps)];
}
