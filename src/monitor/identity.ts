// Whether the DNS knows a transport as it introduces itself: forward-confirmed reverse DNS, and where its EHLO name leads.
import { isIP } from 'node:net';
import type { Transport } from '../model/settings.ts';
import { canonicalIp } from '../lib/ip.ts';
import { pointerName, publicAddresses } from './addresses.ts';
import type { Answer, Ask } from './answer.ts';

export type IdentityFinding = Readonly<{
  check: 'reverse-dns' | 'ehlo';
  address: string;
  /** trouble: receivers may mind · hint: it could be better · unknown: the DNS did not answer. */
  state: 'ok' | 'trouble' | 'hint' | 'unknown';
  sentence: string;
}>;

/** Names of an address that are looked at: some have hundreds. */
const MAX_NAMES = 10;

/** Findings for each public address of the transport; none when it has no public address. */
export async function checkIdentity(
  transport: Transport,
  hostname: string,
  ask: Ask,
): Promise<readonly IdentityFinding[]> {
  const ehlo = (transport.ehlo ?? hostname).toLowerCase();
  const findings = publicAddresses(transport).map(async (address) => [
    await checkReverse(address, ehlo, ask),
    await checkEhlo(address, ehlo, ask),
  ]);
  return (await Promise.all(findings)).flat();
}

/** The names of the address lead back to it (RFC 8601 §2.7.3), and the EHLO name is one of them. */
async function checkReverse(address: string, ehlo: string, ask: Ask): Promise<IdentityFinding> {
  const found = (state: IdentityFinding['state'], sentence: string): IdentityFinding => ({
    check: 'reverse-dns',
    address,
    state,
    sentence,
  });
  const answer = await ask.ptr(pointerName(address));
  if (answer.kind === 'failed')
    return found('unknown', `The reverse DNS of ${address} cannot be asked (${answer.code}).`);
  if (answer.kind !== 'found')
    return found('trouble', `${address} has no reverse DNS; have its provider set it to ${ehlo}.`);
  const names = answer.records.slice(0, MAX_NAMES).map((name) => name.toLowerCase().replace(/\.$/, ''));
  const back = await Promise.all(
    names.map(async (name) => ({ name, leads: await leadsTo(name, address, ask) })),
  );
  const good = back.filter(({ leads }) => leads === 'yes').map(({ name }) => name);
  if (good.includes(ehlo))
    return found('ok', `The reverse DNS of ${address} is ${ehlo}, which leads back to it.`);
  if (good[0] !== undefined)
    return found(
      'hint',
      `The reverse DNS of ${address} is ${good[0]}, which leads back to it, but it says ${ehlo} in EHLO.`,
    );
  if (back.some(({ leads }) => leads === 'unknown'))
    return found(
      'unknown',
      `Where ${names.join(', ')} leads, the reverse DNS of ${address}, cannot be asked.`,
    );
  return found(
    'trouble',
    `The reverse DNS of ${address} is ${names.join(', ')}, which does not lead back to it; it should be ${ehlo}.`,
  );
}

async function checkEhlo(address: string, ehlo: string, ask: Ask): Promise<IdentityFinding> {
  const leads = await leadsTo(ehlo, address, ask);
  const sentences = {
    yes: { state: 'ok', sentence: `${ehlo}, which it says in EHLO, leads to ${address}.` },
    no: {
      state: 'trouble',
      sentence: `${ehlo}, which it says in EHLO, does not lead to ${address}; publish an address record.`,
    },
    unknown: { state: 'unknown', sentence: `Where ${ehlo} leads, which it says in EHLO, cannot be asked.` },
  } as const;
  return { check: 'ehlo', address, ...sentences[leads] };
}

async function leadsTo(name: string, address: string, ask: Ask): Promise<'yes' | 'no' | 'unknown'> {
  const answer: Answer = isIP(address) === 6 ? await ask.aaaa(name) : await ask.a(name);
  if (answer.kind === 'failed') return 'unknown';
  if (answer.kind !== 'found') return 'no';
  return answer.records.some((one) => canonicalIp(one) === address) ? 'yes' : 'no';
}
