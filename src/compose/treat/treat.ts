// A treated message for one recipient: planned once per submission, filled for each of its deliveries.
import { inTurns, type Steps } from '../../lib/steps.ts';
import type { Delivery } from '../../model/delivery.ts';
import type { Merge } from '../../model/instructions.ts';
import type { Part } from '../../model/letter.ts';
import type { Submission } from '../../model/submission.ts';
import type { Budget } from '../../lib/budget.ts';
import { makeCache } from '../cache.ts';
import { outputLimit, unfilledTags } from '../html/fill.ts';
import { filledText } from '../merge/header.ts';
import type { TagSearch } from '../merge/tags.ts';
import { mergeValues, type Lookup, type MergeValues } from '../merge/values.ts';
import { unicode } from '../merge/charset.ts';
import { cannotMerge } from '../refusal.ts';
import type { Draft } from '../render.ts';
import { makeCompile, type Compile } from './compile.ts';
import { fillLeaf, isPart } from './fill.ts';
import { fillFields, planHeader, shownNames, unfilledInFields, type HeaderPlan } from './header.ts';
import { metered } from './meter.ts';
import { planMessage, type Plan } from './plan.ts';
import { howFor, noteWait, type Waits } from './patience.ts';
import {
  findOriginal,
  liquidSource,
  sharedSource,
  type How,
  type Refused,
  type Source,
  type SourceDeps,
} from './source.ts';
import { systemValues } from './system.ts';
import { planWishFor, searchesFor } from './wish.ts';

/** Addresses of ours in one letter (src/tracking/links.ts). */
export type Links = Readonly<{
  click(link: number, target: string): string;
  open(): string;
  unsubscribe(): string;
  unsubscribeToken(): string;
  /** Stores what the links made so far need; rejects when that cannot be done now. */
  settle(): Promise<void>;
  /** Sentences on what the links made so far had to leave out. */
  notes(): readonly string[];
}>;

export type TreatDeps = SourceDeps &
  Readonly<{
    links(submission: Submission, delivery: Delivery, base: string): Links;
    waits: Waits;
  }>;

/** Plans are kept by submission, compiled texts by their content. */
type Deps = TreatDeps & Readonly<{ compile: Compile; budget: Budget }>;

export type Treat = (submission: Submission, delivery: Delivery) => Promise<Draft | Refused>;

/** A message ready to be filled. */
type Prepared = Readonly<{
  plan: Plan;
  header: HeaderPlan;
  /** The header where the message's own text is written in quoted-printable. */
  qpHeader: HeaderPlan;
  values: MergeValues;
  /** Finds the tags of header fields; undefined: there are none. */
  search: TagSearch | undefined;
  /** Decoded, with its tags. */
  subject: string;
  merges: boolean;
}>;

const PLANS = { maxEntries: 200, maxBytes: 48 * 1024 * 1024 };
/** Bytes in memory for each byte of a text, while it is read and while it is filled. */
const PREPARING = 12;
const FILLING = 4;
const MAX_NAMED = 5;
const TOO_LARGE = 'its values make it far larger than it was.';

/** Builds the treatment. What it gives is a pure function of submission, stored bytes and delivery. */
export function makeTreat(given: TreatDeps & Readonly<{ budget: Budget }>): Treat {
  const deps: Deps = { ...given, compile: makeCompile() };
  const plans = makeCache<Prepared | Refused>(PLANS, weigh);
  return async (submission, delivery) => {
    const base = submission.treatment?.linkBase;
    const links = base === undefined ? undefined : deps.links(submission, delivery, base);
    // Mail to unsubscribe needs no place for links, only a token.
    const tokens = links ?? (offersMailbox(submission) ? deps.links(submission, delivery, '') : undefined);
    const how = await howFor(deps.waits, submission, delivery);
    const key = `${submission.account}:${submission.id}${how.keepsCss ? ' as it is' : ''}`;
    const prepared =
      submission.treatment?.template?.engine === 'liquid'
        ? await prepareLiquid(deps, { submission, delivery, links }, how)
        : await plans(key, () => prepareShared(deps, submission, how));
    if ('refusal' in prepared) {
      if (prepared.waits) await noteWait(deps.waits, delivery);
      return { refusal: prepared.refusal };
    }
    const draft = await deps.budget.use(FILLING * textSizeOf(prepared.plan.pieces), () =>
      inTurns(fillFor(prepared, { submission, delivery, links, tokens })),
    );
    await tokens?.settle();
    return tokens ? withNotes(draft, tokens.notes()) : draft;
  };
}

function withNotes(draft: Draft | Refused, notes: readonly string[]): Draft | Refused {
  if ('refusal' in draft || notes.length === 0) return draft;
  return { ...draft, notes: [...(draft.notes ?? []), ...notes] };
}

async function prepareShared(deps: Deps, submission: Submission, how: How): Promise<Prepared | Refused> {
  const stored = await findOriginal(deps, submission);
  return deps.budget.use(PREPARING * stored.heldBytes, async () => {
    const source = await sharedSource(deps, submission, { stored, how });
    return 'refusal' in source ? source : inTurns(prepare(deps, submission, source, 'tags'));
  });
}

/** Liquid puts the values in itself; what comes out is then tracked like any other message. */
async function prepareLiquid(
  deps: Deps,
  { submission, delivery, links }: Omit<Subject, 'tokens'>,
  how: How,
): Promise<Prepared | Refused> {
  const { merge = {} } = submission.instructions;
  const address = delivery.recipient.address.toLowerCase();
  const own = (record: typeof merge.recipients): Readonly<Record<string, string>> | undefined =>
    record && Object.hasOwn(record, address) ? record[address] : undefined;
  const scope = (fields: Buffer): Readonly<Record<string, string>> => ({
    ...systemValues(delivery, { shown: shownNames(fields).get(address), links, at: submission.at }).all(),
    ...own(submission.treatment?.stored),
    ...merge.fields,
    ...own(merge.recipients),
  });
  const stored = await findOriginal(deps, submission);
  return deps.budget.use(PREPARING * stored.heldBytes, async () => {
    const source = await liquidSource(deps, submission, { stored, scope, how });
    return 'refusal' in source ? source : inTurns(prepare(deps, submission, source, 'filled'));
  });
}

function* prepare(
  { compile }: Deps,
  submission: Submission,
  source: Source,
  how: 'tags' | 'filled',
): Steps<Prepared | Refused> {
  const { instructions, treatment = {} } = submission;
  const merges = how === 'tags' && treatment.mergeHeaders !== undefined && instructions.merge?.off !== true;
  const replace = instructions.unsubscribeText?.replace;
  const merge = merges ? (instructions.merge ?? {}) : {};
  const values = mergeValues(...withLiteral(merge, replace));
  const searches = searchesFor(submission, merges, values.literals);
  const plan = yield* planMessage(source.message, planWishFor(submission, { merges, searches, compile }));
  if (plan.obstacle !== undefined) return { refusal: cannotMerge(plan.obstacle) };
  const headers = merges ? (treatment.mergeHeaders ?? []) : [];
  const header = planHeader(plan.fields, { headers, subject: source.subject });
  const qpHeader =
    plan.qpFields === plan.fields ? header : planHeader(plan.qpFields, { headers, subject: source.subject });
  const noted = source.notes.length > 0 ? { ...plan, notes: [...source.notes, ...plan.notes] } : plan;
  return {
    plan: noted,
    header,
    qpHeader,
    values,
    search: searches.of(unicode, 'plain'),
    merges,
    subject: source.subject ?? submission.subject,
  };
}

/** SendGrid's `replace` is a text of the body that the link takes the place of. */
function withLiteral(merge: Merge, replace: string | undefined): readonly [Merge, readonly string[]] {
  if (replace === undefined) return [merge, []];
  const syntaxes = merge.syntaxes ?? ['brackets'];
  return [{ ...merge, syntaxes: [...new Set([...syntaxes, 'literal' as const])] }, [replace]];
}

type Subject = Readonly<{
  submission: Submission;
  delivery: Delivery;
  links: Links | undefined;
  tokens: Pick<Links, 'unsubscribeToken'> | undefined;
}>;

function* fillFor(prepared: Prepared, subject: Subject): Steps<Draft | Refused> {
  const { plan, header, search, merges } = prepared;
  const { submission, links } = subject;
  let room = outputLimit(textSizeOf(plan.pieces));
  const unmetered = lookupFor(prepared, subject);
  if (merges && submission.instructions.merge?.strict) {
    const missing = unfilled(prepared, metered(unmetered, room).lookup, search);
    if (missing.length > 0) return { refusal: cannotMerge(sayMissing(missing)) };
  }
  const { lookup, isOver } = metered(unmetered, room);
  let next = plan.links;
  const filler = { submission, links, value: lookup, nextLink: () => ++next };
  const body: Part[] = [];
  let inQp = false;
  for (const piece of plan.pieces) {
    if (isPart(piece)) {
      body.push(piece);
      continue;
    }
    const filled = yield* fillLeaf(piece, filler, room);
    if ('problem' in filled) return { refusal: cannotMerge(TOO_LARGE) };
    room -= filled.size;
    inQp ||= filled.qp;
    if (filled.head.length > 0) body.push(filled.head);
    body.push(filled.body);
  }
  const fields = fillFields(inQp ? prepared.qpHeader : header, subject, {
    tags: search && { search, value: lookup },
    unsubscribe: unsubscribeOf(subject),
  });
  if (isOver()) return { refusal: cannotMerge(TOO_LARGE) };
  return { fields, body, notes: plan.notes };
}

function textSizeOf(pieces: Plan['pieces']): number {
  return pieces.reduce((sum, piece) => sum + (isPart(piece) ? 0 : piece.decoded.text.length), 0);
}

function lookupFor(
  { values, header, search, subject }: Prepared,
  { submission, delivery, links }: Subject,
): Lookup {
  const address = delivery.recipient.address.toLowerCase();
  const stored = submission.treatment?.stored;
  const system = systemValues(delivery, { shown: header.names.get(address), links, at: submission.at });
  const recipient = {
    address,
    stored: stored && Object.hasOwn(stored, address) ? stored[address] : undefined,
  };
  // A subject that has itself in it keeps that tag.
  const inSubject = values.lookupFor({ ...recipient, system: system.of });
  const subjectOf = (value: Lookup): string => (search && filledText(subject, { search, value })) ?? subject;
  const lookup = values.lookupFor({
    ...recipient,
    system: (name) => (name === 'mc:subject' ? subjectOf(inSubject) : system.of(name)),
  });
  const replace = submission.instructions.unsubscribeText?.replace;
  if (replace === undefined || !links) return lookup;
  return (tag) =>
    tag.syntax === 'literal' && tag.name === replace
      ? { text: links.unsubscribe(), html: false }
      : lookup(tag);
}

function unfilled(
  { plan, header }: Prepared,
  lookup: Lookup,
  search: TagSearch | undefined,
): readonly string[] {
  const inBody = plan.pieces.flatMap((piece) => (isPart(piece) ? [] : unfilledTags(piece.slots, lookup)));
  const inHeader = search ? unfilledInFields(header, { search, value: lookup }) : [];
  return [...new Set([...inHeader, ...inBody])];
}

function sayMissing(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).map((name) => `"${name.slice(0, 64)}"`);
  return `there is no value for ${shown.join(', ')}${names.length > MAX_NAMED ? ' and others' : ''}; give it one, or a fallback as in [name|friend].`;
}

function offersMailbox({ instructions, treatment }: Submission): boolean {
  return instructions.unsubscribe === true && treatment?.unsubscribeMailbox !== undefined;
}

/** What List-Unsubscribe says: the https address, which takes one-click, and a mailbox. */
function unsubscribeOf({ submission, links, tokens }: Subject): readonly string[] {
  const { instructions, treatment } = submission;
  if (instructions.unsubscribe !== true) return [];
  const mailbox = treatment?.unsubscribeMailbox;
  return [
    ...(links ? [links.unsubscribe()] : []),
    ...(tokens && mailbox !== undefined ? [`mailto:${mailbox}?subject=${tokens.unsubscribeToken()}`] : []),
  ];
}

function weigh(prepared: Prepared | Refused): number | undefined {
  if ('refusal' in prepared) return undefined;
  const { pieces, fields } = prepared.plan;
  const sizes = pieces.map((piece) => {
    if (!isPart(piece)) return piece.decoded.text.length * 12 + piece.slots.length * 400;
    return Buffer.isBuffer(piece) ? piece.length : 0;
  });
  return sizes.reduce((sum, size) => sum + size, fields.length);
}
