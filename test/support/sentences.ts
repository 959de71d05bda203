// Sentences that the server may tell as problems or of itself, read from its source: texts in code, with {1}, {2} for what is put into them.
import { globSync, readFileSync } from 'node:fs';
import { parseSync } from 'vite';

/** Where problems are worded: what the API answers, the verbs behind it, and the stores whose sentences they hand on. */
const problemPlaces = [
  'src/api/*.ts',
  'src/verbs/*.ts',
  'src/http/*.ts',
  'src/store/{shelf,templates,recipients,suppressions,suppression-config}.ts',
  'src/webhooks/{secrets,webhook}.ts',
  'src/model/{settings,access,scopes}.ts',
  'src/config/entries.ts',
  'src/lib/{call-out,values}.ts',
] as const;

/** Files in these places whose sentences are not problems of a request: documentation, metrics, checks, the start. */
const others =
  /^src\/(?:api\/(?:openapi|smtpplus|xml)|http\/(?:dashboard-files|health|health-metrics|listening|metrics|tracking-config)|verbs\/check(?:-\w+)?)\.ts$/;

/** Where it is worded what alerts, states, limits and checks tell, and why a delivery failed before anybody replied. */
const noticePlaces = [
  'src/monitor/{bind,check,dnsbl,findings,identity,listing,senders,state,theft-watch,transports}.ts',
  'src/alerts/{alert,checks,history-check}.ts',
  'src/deliver/{attempt,converse,deliver,nowhere,protection,transaction}.ts',
  'src/deliver/shaping/limits.ts',
  'src/roles/{alert-context,alerts,fallback,http,public-checks,redis-watch,shaping,warmup,warmup-plans}.ts',
  'src/scan/{examine,trouble}.ts',
  'src/verbs/check{,-addresses,-security}.ts',
  'src/webhooks/feed.ts',
] as const;

export type Sentence = Readonly<{ file: string; text: string }>;

type Node = Readonly<Record<string, unknown>>;

/** Names of calls and fields whose texts are for the documentation, or for commands alone. */
const OTHER_FIELDS = ['summary', 'description', 'hint', 'verb'];
const OTHER_CALLS = new Set(['describe', 'info', 'warn', 'error', 'debug', 'Error']);

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const nameOf = (node: unknown): string => {
  if (!isNode(node)) return '';
  if (typeof node['name'] === 'string') return node['name'];
  return nameOf(node['property'] ?? node['callee']);
};

/** What may be wrong with a request. */
export function problemSentences(): readonly Sentence[] {
  const files = globSync([...problemPlaces]).filter((file) => !others.test(file));
  return sentencesIn(files, new Set([...OTHER_FIELDS, 'reason']));
}

/** What the installation tells of itself, and of mail. */
export function noticeSentences(): readonly Sentence[] {
  return sentencesIn(globSync([...noticePlaces]), new Set(OTHER_FIELDS));
}

function sentencesIn(files: readonly string[], otherFields: ReadonlySet<string>): readonly Sentence[] {
  return files.toSorted().flatMap((file) => {
    const texts: string[] = [];
    walk(parseSync(file, readFileSync(file, 'utf8')).program, { texts, otherFields });
    return [...new Set(texts)].map((text) => ({ file, text }));
  });
}

type Walk = Readonly<{ texts: string[]; otherFields: ReadonlySet<string> }>;

function walk(value: unknown, into: Walk): void {
  if (Array.isArray(value)) return value.forEach((one) => walk(one, into));
  if (!isNode(value) || isType(value)) return;
  if (value['type'] === 'Property' && into.otherFields.has(nameOf(value['key']))) return;
  if (isOtherCall(value)) return walk(isNode(value['callee']) ? value['callee']['object'] : undefined, into);
  const text = textOf(value);
  if (text !== undefined && isSentence(text)) into.texts.push(text);
  for (const [key, inner] of Object.entries(value)) if (key !== 'typeAnnotation') walk(inner, into);
}

/** Types and imports hold texts, too. */
function isType({ type }: Node): boolean {
  return typeof type === 'string' && type !== 'TSAsExpression' && /^(?:TS|Import|Export(?!Named))/.test(type);
}

/** What such a call hangs on may tell something: z.string().regex(…, 'must be …').describe(…). */
function isOtherCall({ type, callee }: Node): boolean {
  return (type === 'CallExpression' || type === 'NewExpression') && OTHER_CALLS.has(nameOf(callee));
}

function textOf(node: Node): string | undefined {
  if (node['type'] === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node['type'] !== 'TemplateLiteral' || !Array.isArray(node['quasis'])) return undefined;
  const pieces = node['quasis'].map((quasi) =>
    isNode(quasi) && isNode(quasi['value']) ? String(quasi['value']['cooked']) : '',
  );
  return pieces.map((piece, n) => (n === 0 ? piece : `{${n}}${piece}`)).join('');
}

/** A whole sentence, or what is wrong with a field ("must be …"). */
function isSentence(text: string): boolean {
  return /^(?:[A-Z{][^]* [^]*[.!?]|(?:must|is|are|and|cannot|has|have|needs?|names?|the|that|this) [^]+|\{1\} is [^]+)$/.test(
    text,
  );
}
