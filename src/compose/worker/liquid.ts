// Stored templates in Liquid, filled in with limits; for rendering threads only; the only file that imports liquidjs.
import { Context, Liquid, toValueSync, type Emitter, type FilterImplOptions, type Template } from 'liquidjs';
import type { Clock } from '../../lib/clock.ts';
import {
  MAX_ALLOCATED,
  MAX_OUTPUT,
  MAX_SOURCE,
  MAX_SUBJECT,
  parts,
  refuse,
  RENDER_MS,
  type LiquidTask,
  type Made,
  type Part,
  type Parts,
} from './jobs.ts';
import { explain, tooLong } from './mistakes.ts';
import { MAX_DEPTH, readScope, writtenAs } from './scope.ts';
import { makeTemplateCache } from './template-cache.ts';

type FilterFunction = Extract<FilterImplOptions, (...args: never[]) => unknown>;

/** Tags that read other files: there are none. */
const fileTags = ['include', 'render', 'layout', 'block'];
/** Filters that know "now" and "today". */
const dateFilters = ['date', 'date_to_xmlschema', 'date_to_rfc822', 'date_to_string', 'date_to_long_string'];

/** Does Liquid jobs, one at a time; `tell` is told the number of the part that is worked on. */
export function makeLiquid(
  clock: Pick<Clock, 'ticks'>,
  tell: (part: number) => void,
): (task: LiquidTask) => Made<Parts> {
  let now = 0;
  const html = makeHtmlEngine(() => now);
  const plain = makeEngine(() => now);
  const cache = makeTemplateCache<Template[]>();

  const renderPart = (task: LiquidTask, part: Part, values: object, untilMs: number): string => {
    const liquid = part === 'html' ? html : plain;
    const template = cache(`${task.key}/${part}`, task[part] ?? '', (source) => liquid.parse(source));
    const limits = { sync: true, renderLimit: untilMs - clock.ticks() };
    const scope = copyScope(values, part === 'html' ? (task.markup ?? []) : []);
    const context = new Context(scope, liquid.options, limits, { liquid });
    const output = new BoundedOutput();
    toValueSync(liquid.renderer.renderTemplates(template, context, output));
    return part === 'subject' ? oneLine(output.buffer) : output.buffer;
  };

  return (task) => {
    const untilMs = clock.ticks() + RENDER_MS;
    const values = readScope(task.scope);
    if (values === undefined)
      return refuse('wrong', `The values for the template are nested more than ${MAX_DEPTH} deep.`);
    now = task.now;
    const output: { [part in Part]?: string } = {};
    for (const [number, part] of parts.entries()) {
      if (task[part] === undefined) continue;
      tell(number);
      try {
        output[part] = renderPart(task, part, values, untilMs);
      } catch (error) {
        return explain(error, part);
      }
    }
    return { ok: true, output };
  };
}

/** Escapes what a template prints, once: templates that were written for engines that do not are right here too. */
function makeHtmlEngine(now: () => number): Liquid {
  const liquid = makeEngine(now, (value) => (value instanceof Markup ? print(value) : escape(value)));
  const escapeOnce = filterOf(liquid, 'escape_once');
  const breakLines = filterOf(liquid, 'newline_to_br');
  for (const name of ['escape', 'xml_escape', 'escape_once'])
    liquid.registerFilter(name, { raw: true, handler: filterOf(liquid, name) });
  liquid.registerFilter('newline_to_br', {
    raw: true,
    handler(value: unknown): unknown {
      return breakLines.call(this, escapeOnce.call(this, value));
    },
  });
  return liquid;
}

function makeEngine(now: () => number, outputEscape?: (value: unknown) => string): Liquid {
  const liquid = new Liquid({
    ownPropertyOnly: true,
    strictFilters: true,
    dynamicPartials: false,
    relativeReference: false,
    templates: {}, // takes the place of the file system
    parseLimit: MAX_SOURCE,
    renderLimit: RENDER_MS,
    memoryLimit: MAX_ALLOCATED,
    timezoneOffset: 0,
    locale: 'en-US',
    ...(outputEscape ? { outputEscape } : {}),
  });
  for (const tag of fileTags) delete liquid.tags[tag];
  boundOutput(liquid);
  // Each attempt has to give the same bytes: no chance, and no clock but the message's own.
  liquid.unregisterFilter('sample');
  for (const name of dateFilters) {
    const filter = filterOf(liquid, name);
    liquid.registerFilter(name, function (value: unknown, ...rest: unknown[]): unknown {
      return filter.call(this, value === 'now' || value === 'today' ? now() / 1000 : value, ...rest);
    });
  }
  return liquid;
}

/** Bounds what liquidjs does not: captured text, and JSON. */
function boundOutput(liquid: Liquid): void {
  const { renderer } = liquid;
  const render = renderer.renderTemplates.bind(renderer);
  renderer.renderTemplates = (templates, context, output = new BoundedOutput(context)) =>
    render(templates, context, output);
  for (const name of ['json', 'jsonify', 'inspect']) {
    const filter = filterOf(liquid, name);
    liquid.registerFilter(name, function (value: unknown): unknown {
      spend(value, MAX_ALLOCATED);
      return filter.call(this, value);
    });
  }
}

/** What is left of an allowance of characters after this value as JSON. */
function spend(value: unknown, allowance: number): number {
  let left = allowance - (typeof value === 'string' ? value.length : 8);
  if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) left = spend(inner, left - name.length);
  if (left < 0) throw tooLong(MAX_ALLOCATED);
  return left;
}

function filterOf(liquid: Liquid, name: string): FilterFunction {
  const filter = liquid.filters[name];
  if (typeof filter !== 'function') throw new Error(`liquidjs has no filter "${name}"`);
  return filter;
}

/** Text that has been HTML before it came here. */
class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What is written for the reader, or, within `capture`, for the template, which has to account for it. */
class BoundedOutput implements Emitter {
  buffer = '';
  readonly #capture: Context | undefined;

  constructor(capture?: Context) {
    this.#capture = capture;
  }

  write(value: unknown): void {
    const text = print(value);
    this.#capture?.memoryLimit.use(text.length);
    this.buffer += text;
    if (this.buffer.length > MAX_OUTPUT) throw tooLong(MAX_OUTPUT);
  }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

function escape(value: unknown): string {
  const text = print(value);
  if (text.length > MAX_OUTPUT) throw tooLong(MAX_OUTPUT);
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? '');
}

/** As liquidjs prints values; an object in the middle of a letter is a mistake, and throws. */
function print(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (value instanceof Markup) return value.toString();
  const written = typeof value === 'object' ? writtenAs(value) : undefined;
  if (written !== undefined) return written;
  if (Array.isArray(value)) return value.map(print).join('');
  if (typeof value === 'object') throw new Error('object cannot be printed');
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function oneLine(text: string): string {
  const line = text.replace(/[ \p{Cc}\u2028\u2029]+/gu, ' ').trim();
  if (line.length > MAX_SUBJECT) throw tooLong(MAX_SUBJECT);
  return line;
}

/** Values of one part, which {% increment %} may write into. */
function copyScope(values: object, markup: readonly string[]): object {
  const scope: Record<string, unknown> = Object.assign(Object.create(null), values);
  for (const name of markup) {
    const value = scope[name];
    if (typeof value === 'string') scope[name] = new Markup(value);
  }
  return scope;
}
