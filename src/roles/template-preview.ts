// A template filled in for one recipient and not sent, by the same code that makes letters: what is shown is what would arrive.
import { readParts } from '../compose/body.ts';
import { makeTreat, type Links } from '../compose/treat/treat.ts';
import { makeWorkshop, type Workshop } from '../compose/worker/workshop.ts';
import { makeReader, type Reader } from '../http/reader.ts';
import { makeBudget } from '../lib/budget.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import { buildMessage } from '../mail/build.ts';
import { domainOf, type Delivery } from '../model/delivery.ts';
import { MERGE_HEADERS } from '../model/settings.ts';
import type { Submission } from '../model/submission.ts';
import type { Preview, PreviewWish } from '../verbs/template.ts';

/** Templates that are filled in at a time: each takes a thread, and mail comes first. */
const AT_ONCE = 2;
const LETTER_BYTES = 64 * 1024 * 1024;
const CRLF = Buffer.from('\r\n');
const SENDER = 'you@example.com';

/** Where links would be: nothing of a preview is kept, so none of them leads anywhere. */
const links: Links = {
  click: (_, target) => target,
  open: () => '',
  unsubscribe: () => 'https://example.com/unsubscribe',
  unsubscribeToken: () => '',
  settle: () => Promise.resolve(),
  notes: () => [],
};

/** Fills a template in; a problem is a sentence. */
export function makePreview(clock: Clock): (wish: PreviewWish) => Promise<Preview> {
  const turns = makeBudget(AT_ONCE);
  // Its threads end by themselves when nobody looks, and keep no process alive.
  const tools = { workshop: makeWorkshop({ clock, size: AT_ONCE }), reader: makeReader(clock), clock };
  return (wish) => turns.use(1, () => fill(tools, wish));
}

type Tools = Readonly<{ workshop: Workshop; reader: Reader; clock: Clock }>;

async function fill({ workshop, reader, clock }: Tools, wish: PreviewWish): Promise<Preview> {
  const raw = messageTo(wish);
  const treat = makeTreat({
    workshop,
    budget: makeBudget(LETTER_BYTES),
    loadBody: () => Promise.resolve(raw),
    template: () => Promise.resolve(wish.content),
    links: () => links,
    waits: { note: () => Promise.resolve(), count: () => Promise.resolve(0) },
  });
  const submission = submissionOf(wish, raw, clock);
  const delivery = deliveryOf(wish, submission);
  const draft = await treat(submission, delivery);
  if ('refusal' in draft) return { ok: false, problem: draft.refusal.detail };
  const missing = wish.content.engine === 'tags' ? await treat(strict(submission), delivery) : undefined;
  const letter = Buffer.concat([draft.fields, CRLF, await readParts(draft.body)]);
  const read = await reader.view(letter);
  if (!read.ok) return { ok: false, problem: read.problem };
  const { subject, html, text } = read.value;
  const unfilled = missing && 'refusal' in missing ? [withoutLead(missing.refusal.detail)] : [];
  return {
    ok: true,
    filled: {
      subject,
      // Where a part is missing the reader makes it of the other; here each says what the template has.
      ...(wish.content.html === undefined ? {} : { html: html ?? '' }),
      ...(wish.content.text === undefined ? {} : { text: text ?? '' }),
      notes: [...(draft.notes ?? []), ...unfilled],
    },
  };
}

/** What a sender would hand in: its own text is what the template takes the place of. */
function messageTo({ recipient, name }: PreviewWish): Buffer {
  const to = name === undefined ? recipient : `"${name.replace(/["\\\p{Cc}]/gu, '')}" <${recipient}>`;
  return buildMessage({
    fields: [
      ['From', SENDER],
      ['To', to],
      ['Subject', ''],
    ],
    text: '',
    id: 'preview',
  });
}

function submissionOf(wish: PreviewWish, raw: Buffer, clock: Clock): Submission {
  const { recipient, stored, data, syntaxes, content } = wish;
  const at = clock.now();
  return {
    v: 1,
    id: newId(at),
    account: wish.account,
    user: 'preview',
    at,
    from: SENDER,
    size: raw.length,
    headerSize: raw.indexOf('\r\n\r\n') + 4,
    body: 'redis:',
    smtputf8: false,
    eightBit: raw.some((byte) => byte > 127),
    messageId: '<preview@example.com>',
    subject: '',
    headerFrom: SENDER,
    received: { helo: 'preview', address: '127.0.0.1', protocol: 'HTTP' },
    instructions: { merge: { syntaxes: [...syntaxes], fields: { ...data } } },
    treatment: {
      // Tags of the unsubscribe page are filled in as they would be.
      linkBase: 'https://example.com',
      template: { name: 'preview', version: 1, engine: content.engine },
      mergeHeaders: [...MERGE_HEADERS],
      stored: { [recipient.toLowerCase()]: { ...stored } },
    },
  };
}

function strict(submission: Submission): Submission {
  const { instructions } = submission;
  return {
    ...submission,
    id: `${submission.id}S`,
    instructions: { merge: { ...instructions.merge, strict: true } },
  };
}

function deliveryOf({ recipient, name, account }: PreviewWish, { id, at }: Submission): Delivery {
  return {
    v: 1,
    id: `${id}-1`,
    account,
    submission: id,
    user: 'preview',
    recipient: { address: recipient, ...(name === undefined ? {} : { name }) },
    domain: domainOf(recipient),
    pool: 'default',
    transport: '',
    priority: 3,
    state: 'waiting',
    run: 1,
    attempts: 1,
    ambiguous: 0,
    due: at,
    expiresAt: at,
  };
}

/** "The message could not be personalised: there is …" → "There is …". */
function withoutLead(detail: string): string {
  const said = detail.slice(detail.indexOf(': ') + 2);
  return said.charAt(0).toUpperCase() + said.slice(1);
}
