// The rules of a style sheet that can be put into elements, and no others. Pure.
import { MAX_SOURCE } from './jobs.ts';

const TOKEN = /\/\*[^]*?(?:\*\/|$)|"(?:[^"\\\n]|\\[^])*"?|'(?:[^'\\\n]|\\[^])*'?|[{};]/g;
const LEADING = /^(?:\s|<!--|-->|\/\*[^]*?\*\/)+/;

/**
 * Rules without at-rules around them and without rules in them: what a mail reader applies whatever the screen. Nested rules are
 * read by few of them, and a few make selectors of any length.
 */
export function flatRules(css: string): readonly string[] {
  const rules: string[] = [];
  let depth = 0;
  let nested = false;
  let start = 0;
  for (const { 0: token, index } of css.matchAll(TOKEN)) {
    const end = index + 1;
    if (token === '{') {
      depth++;
      nested = depth > 1 || nested;
    } else if (token === '}') {
      depth--;
      if (depth > 0) continue;
      const rule = css.slice(start, end).replace(LEADING, '');
      if (depth === 0 && !nested && !rule.startsWith('@')) rules.push(rule);
      depth = 0;
      nested = false;
      start = end;
    } else if (token === ';' && depth === 0) start = end; // @import, @charset
  }
  return rules;
}

const ROOT = /^(?::root|html|body|\*)\s*\{/i;
const DEFINITION = /(--[\w-]+)\s*:([^;{}]*);?/g;
const USE = /var\(\s*(--[\w-]+)\s*(?:,([^(){};]*))?\)/g;
const MAX_VALUE = 200;

/**
 * The rules with the variables of the whole document put in, once: many readers know none. A value that names another variable
 * stays as it is, or values could be made that grow with each of them.
 */
export function putInVariables(rules: readonly string[]): string {
  const values = new Map<string, string>();
  const rest = rules.map((rule) => {
    if (!ROOT.test(rule)) return rule;
    return rule.replace(DEFINITION, (definition, name: string, value: string) => {
      if (value.length > MAX_VALUE || value.includes('var(')) return definition;
      values.set(name, value.trim());
      return '';
    });
  });
  const css = rest.join('\n');
  const resolved = css.replace(
    USE,
    (use, name: string, fallback?: string) => values.get(name) ?? fallback?.trim() ?? use,
  );
  return resolved.length <= MAX_SOURCE ? resolved : css;
}
