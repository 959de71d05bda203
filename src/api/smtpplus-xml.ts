// SMTP+'s shapes as XML: what an element says as the same fields that JSON has, and the answer as an element. Pure.
import { z } from 'zod';
import { escapeHtml } from '../lib/html.ts';
import { parseJson } from '../lib/json.ts';
import type { Element } from './xml.ts';

/** Fields that are lists, whatever their items are called. */
const LISTS = new Set([
  'To',
  'Cc',
  'Bcc',
  'ExtendedHeaders',
  'Attachments',
  'EmbeddedImages',
  'DynamicFields',
]);
/** The only field that may be JSON inside, as in the header of the same name. */
const CONTROL = 'XSmtpAPI';

/** The fields of a message; a field that is said twice is a list, which no field but the lists takes. */
export function fieldsOf(root: Element): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...Map.groupBy(root.children, ({ name }) => name)].map(([name, all]) => {
      const values = all.map((one) => (name === CONTROL ? controlOf(one) : valueOf(one)));
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

function valueOf(element: Element): unknown {
  const { name, text, children, isNil } = element;
  if (isNil) return undefined;
  if (LISTS.has(name)) return children.map((item) => (item.children.length > 0 ? fieldsOf(item) : item.text));
  return children.length > 0 ? fieldsOf(element) : text;
}

/** Its switches are true and false; all else in it is text. */
function controlOf(element: Element): unknown {
  const { text, children, isNil } = element;
  if (isNil || (children.length === 0 && text.trim() === '')) return undefined;
  if (children.length === 0) return parseJson(text, z.record(z.string(), z.json())) ?? text;
  return Object.fromEntries(
    children.map((child) => {
      const value = valueOf(child);
      const isSwitch = value === 'true' || value === 'false';
      return [child.name, isSwitch ? value === 'true' : value];
    }),
  );
}

/** What no XML may hold. */
// oxlint-disable-next-line no-control-regex -- these are meant
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;

export function toXml(told: Readonly<Record<string, string>>): string {
  const fields = Object.entries(told).map(
    ([name, value]) => `<${name}>${escapeHtml(value.replace(FORBIDDEN, ' '))}</${name}>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>\n<ResponseDTO>${fields.join('')}</ResponseDTO>`;
}
