// Wiring of compose and deliver: letters are rendered from stored bodies and signed with stored keys.
import { readParts } from '../compose/body.ts';
import { makeCompose } from '../compose/compose.ts';
import { makeWorkshop } from '../compose/worker/workshop.ts';
import { makeDeliver, type CatchFacts, type Deliver as Stage } from '../deliver/deliver.ts';
import type { Upstream } from '../deliver/route.ts';
import type { TlsResult } from '../deliver/security/results.ts';
import { openStsStore } from '../deliver/security/sts-store.ts';
import { canBind } from '../deliver/transports/source.ts';
import { subjectIn } from '../mail/subject.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Letter, Render } from '../model/letter.ts';
import type { Transport } from '../model/settings.ts';
import type { Submission } from '../model/submission.ts';
import type { Facts } from '../tracking/facts.ts';
import { openWaits } from '../store/waits.ts';
import { openPassword } from '../store/via.ts';
import { readBounceRules } from './bounce-rules.ts';
import { makeChoice, type Choice } from './choice.ts';
import { openShaping, readProviders } from './shaping.ts';
import { openLinker } from './tracking.ts';
import type { Base } from './base.ts';

export type Deliver = Stage &
  Readonly<{
    render(submission: Submission, delivery: Delivery): Render;
    /** True when this host has the transport's address (a sandbox needs none). */
    canBind(transport: Transport): boolean;
    /** Which transport a delivery gets. */
    choice: Choice;
  }>;

/** Opens compose and deliver for one process. */
export function openDeliver(base: Base, countTls?: (result: TlsResult) => void): Deliver {
  const { config, clock, domains, bodies, templates } = base;
  const linker = openLinker(base);
  const workshop = makeWorkshop({ clock });
  const compose = makeCompose({
    hostname: config.hostname,
    links: (submission, delivery, linkBase) => linker(factsOf(submission, delivery), linkBase),
    template: templates.read,
    workshop,
    waits: openWaits(base.asking, base.prefix),
    signingKey: domains.signingKey,
    loadBody: async (submission) => {
      const body = await bodies.load(submission);
      // Its record is still there, so it cannot have ended: temporary, and somebody should look at the disk.
      if (body === undefined) throw new Error(`the body of ${submission.id} cannot be found`);
      return body;
    },
  });
  const choice = makeChoice(base, (domain) => stage.providerOf(domain));
  const stage: Stage = makeDeliver({
    refuses: choice.refuses,
    warmup: base.warmup,
    upstream: (transport) => upstreamOf(base, transport),
    config,
    hostname: config.hostname,
    transports: () => base.settingsNow().transports,
    catchLetter: (letter, facts) => keepCaught(base, letter, facts),
    clock,
    log: base.log.child({ role: 'delivery' }),
    bounceRules: readBounceRules(),
    providers: providersOf(base),
    shaping: openShaping(base),
    stsStore: openStsStore({ redis: base.asking, prefix: base.prefix, log: base.log }),
    ...(countTls && { countTls }),
  });
  return {
    ...stage,
    choice,
    send: async (order) => {
      const outcome = await stage.send(order);
      const transport = base.settingsNow().transports.get(order.delivery.transport);
      if (transport) void base.warmup.note(transport, outcome);
      return outcome;
    },
    close: async (graceMs) => {
      await stage.close(graceMs);
      await workshop.close();
    },
    render: compose.render,
    canBind: ({ kind, address }) => kind === 'sandbox' || (address !== undefined && canBind(address)),
  };
}

/** The rules of providers. A warm-up's curve for one that no rule is about would never be used. */
function providersOf({ config, log }: Base): ReturnType<typeof readProviders> {
  const providers = readProviders(config.delivery.providers);
  const known = new Set(providers.all.map(({ name }) => name));
  for (const provider of Object.keys(config.warmup.providers))
    if (!known.has(provider))
      log.warn(
        { provider },
        'warmup.providers has a curve for a provider that no rule knows: see config/providers.yaml',
      );
  return providers;
}

/** The relay that a transport sends through, with its password. */
function upstreamOf({ sealer }: Base, { name, via }: Transport): Upstream | undefined {
  if (!via) return undefined;
  const { sealedPassword, ...upstream } = via;
  if (sealedPassword === undefined) return upstream;
  const password = openPassword(name, via, sealer);
  return password === undefined ? undefined : { ...upstream, password };
}

/** What a link of a letter knows of it. */
export function factsOf(submission: Submission, delivery: Delivery): Facts {
  const { campaign, campaignName, tags, metadata, topic, topics } = submission.instructions;
  return {
    delivery: delivery.id,
    account: submission.account,
    user: submission.user,
    recipient: delivery.recipient.address,
    sender: submission.from,
    headerFrom: submission.headerFrom,
    ...(campaign === undefined ? {} : { campaign }),
    ...(campaignName === undefined ? {} : { campaignName }),
    ...(tags === undefined ? {} : { tags }),
    ...(metadata === undefined ? {} : { metadata }),
    topic,
    topics,
  };
}

async function keepCaught({ sandbox, clock }: Base, letter: Letter, facts: CatchFacts): Promise<string> {
  const raw = await readParts(letter.parts);
  const summary = {
    id: facts.delivery,
    at: clock.now(),
    from: letter.from,
    to: letter.to,
    // As it arrives: merge tags or a template may have made it another than the sender's.
    subject: subjectIn(raw) ?? '',
    size: raw.length,
    user: facts.user,
  };
  await sandbox.keep(summary, raw);
  return facts.delivery;
}
