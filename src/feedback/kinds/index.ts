// All kinds of addresses of ours, in the order in which they are asked. A new one is a file here and a word below.
import type { Kind } from '../kind.ts';
import { makeUnsubscribeKind, type UnsubscribeKindDeps } from './unsubscribe.ts';

export type KindDeps = UnsubscribeKindDeps;

/** Makes all kinds. */
export function makeKinds(deps: KindDeps): readonly Kind[] {
  return [makeUnsubscribeKind(deps)];
}
