// Bodies of requests as XML: elements and their texts, bounded; no document type, no entities of its own, nothing is fetched.
import { Parser } from 'htmlparser2';
import { nextTurn } from '../lib/clock.ts';
import { problem, type Problem } from './problem.ts';

/** An element, by its name without a prefix. Attributes are passed over, but for xsi:nil. */
export type Element = Readonly<{ name: string; text: string; children: readonly Element[]; isNil: boolean }>;

export type XmlBody = Readonly<{ ok: true; root: Element } | { ok: false; problem: Problem }>;

const MAX_DEPTH = 16;
const MAX_ELEMENTS = 50_000;
/** Of one element: namespaces, and what nobody asked for. */
const MAX_ATTRIBUTES = 64;
/** Others have their turn after so many characters. */
const SLICE = 128 * 1024;
const decoder = new TextDecoder('utf-8', { fatal: true });
const OTHER_ENCODING = /^\s*<\?xml\b[^>]*\bencoding\s*=\s*["'](?!utf-8["']|us-ascii["'])/i;

export async function readXml(bytes: Buffer): Promise<XmlBody> {
  const text = decoded(bytes);
  if (text === undefined) return bad('The body is not XML in UTF-8.');
  if (OTHER_ENCODING.test(text.slice(0, 200))) return bad('The XML is not in UTF-8: send it so.');
  const tree = new Tree();
  const parser = new Parser(
    {
      onopentag: (name, attributes) => tree.begin(name, attributes),
      onattribute: () => tree.attribute(),
      // What ends without a tag of its own has "/>" there, or its end was forgotten.
      onclosetag: (_, isImplied) =>
        tree.end(!isImplied || text.slice(parser.endIndex - 1, parser.endIndex + 1) === '/>'),
      ontext: (piece) => tree.text(piece),
      // "<!DOCTYPE …>" and its like; "<?xml …?>" is no harm.
      onprocessinginstruction: (name) =>
        name.startsWith('!') && tree.fail('has a document type, which is not read'),
    },
    { xmlMode: true },
  );
  for (let at = 0; at < text.length && tree.trouble === undefined; at += SLICE) {
    parser.write(text.slice(at, at + SLICE));
    await nextTurn();
  }
  const trouble = tree.trouble ?? (tree.isOpen ? 'ends too early' : undefined);
  if (trouble !== undefined || !tree.root) return bad(`The XML ${trouble ?? 'has no element'}.`);
  return { ok: true, root: tree.root };
}

const bad = (detail: string): XmlBody => ({ ok: false, problem: problem(400, 'Bad request', detail) });

function decoded(bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Grows by what the parser hears; after the first trouble not any more. */
class Tree {
  root: Element | undefined;
  trouble: string | undefined;
  private readonly open: { name: string; texts: string[]; children: Element[]; isNil: boolean }[] = [];
  private elements = 0;
  private attributes = 0;

  get isOpen(): boolean {
    return this.open.length > 0;
  }

  fail(trouble: string): void {
    this.trouble ??= trouble;
  }

  attribute(): void {
    if (++this.attributes > MAX_ATTRIBUTES)
      this.fail(`has an element with more than ${MAX_ATTRIBUTES} attributes`);
  }

  begin(name: string, attributes: Readonly<Record<string, string>>): void {
    this.attributes = 0;
    if (this.root) this.fail('has more than one element at its top');
    if (++this.elements > MAX_ELEMENTS) this.fail(`has more than ${MAX_ELEMENTS} elements`);
    if (this.open.length >= MAX_DEPTH) this.fail(`has more than ${MAX_DEPTH} levels`);
    if (this.trouble !== undefined) return;
    const isNil = Object.entries(attributes).some(
      ([key, value]) => /(?:^|:)nil$/.test(key) && value === 'true',
    );
    this.open.push({ name: localName(name), texts: [], children: [], isNil });
  }

  end(isSaid: boolean): void {
    if (!isSaid) this.fail('has an element that does not end');
    const done = this.trouble === undefined ? this.open.pop() : undefined;
    if (!done) return;
    const { texts, ...rest } = done;
    const element: Element = { ...rest, text: texts.join('') };
    const parent = this.open.at(-1);
    if (parent) parent.children.push(element);
    else this.root = element;
  }

  text(piece: string): void {
    if (this.trouble === undefined) this.open.at(-1)?.texts.push(piece);
  }
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);
