// Proof that a domain is somebody's: a record in its DNS that only who may change that can publish.
import type { Owner } from '../model/owner.ts';
import type { Sealer } from '../store/seal.ts';
import type { ResolveTxt } from '../store/domains.ts';

export type ProofVerbs = Readonly<{ sealer: Pick<Sealer, 'fingerprint'>; resolveTxt: ResolveTxt }>;

/** Who wants which domain: an account, or one user of it. */
export type Claim = Owner & Readonly<{ domain: string }>;

export type ProofRecord = Readonly<{
  name: string;
  type: 'TXT';
  value: string;
  purpose: 'proof';
  note: string;
}>;

/** Made of the master key and the claim, so that nothing need be stored: another account's record proves nothing for this one. */
export function proofRecord({ sealer }: Pick<ProofVerbs, 'sealer'>, claim: Claim): ProofRecord {
  const { account, user = '', domain } = claim;
  const token = sealer.fingerprint(`domain proof\n${account}\n${user}\n${domain}`);
  return {
    name: `_postino.${domain}`,
    type: 'TXT',
    value: `postino-proof=${token}`,
    purpose: 'proof',
    note: 'proves that the domain is yours; it may go once the domain was added',
  };
}

/** Does the DNS show it? A DNS that does not answer proves nothing. */
export async function proves(verbs: ProofVerbs, claim: Claim): Promise<boolean> {
  const { name, value } = proofRecord(verbs, claim);
  const found = await verbs.resolveTxt(name).catch(() => []);
  return found.some((text) => text.trim() === value);
}
