// Mandrill's conditions: each recipient gets its branch, in texts, attributes and links; what does not fit together stays.
import { describe, expect, test } from 'vitest';
import { branchState } from '../../../../src/compose/html/branches.ts';
import { join } from '../../../../src/compose/html/fill.ts';
import { htmlSlots, textSlots } from '../../../../src/compose/html/slots.ts';
import { unescapeHtml } from '../../../../src/compose/html/tokens.ts';
import { utf8 } from '../../../../src/compose/merge/charset.ts';
import { tagSearch } from '../../../../src/compose/merge/tags.ts';
import { mergeValues } from '../../../../src/compose/merge/values.ts';
import { randomFrom, rounds } from '../../../support/random.ts';

const tags = (form: 'html' | 'plain') =>
  tagSearch({ syntaxes: ['mailchimp'], literals: [], charset: utf8, form, unescape: unescapeHtml });

function filled(
  source: string,
  fields: Readonly<Record<string, string>>,
  more: Readonly<{ form?: 'html' | 'plain'; footer?: string; pixel?: boolean; clicks?: boolean }> = {},
): string {
  const { form = 'html', ...wanted } = more;
  const compile = form === 'html' ? htmlSlots : textSlots;
  const { slots } = compile(source, { charset: utf8, tags: tags(form), ...wanted });
  const value = mergeValues({ syntaxes: ['mailchimp'], fields }).lookupFor({
    address: 'ann@mail.example',
    system: (name) => (name === 'email' ? 'ann@mail.example' : undefined),
  });
  const joined = join(source, slots, {
    charset: utf8,
    value,
    click: (n, target) => `https://t.example/${n}?${target.length}`,
    pixel: () => '<img>',
  });
  return 'text' in joined ? joined.text : joined.problem;
}

const ages = '*|IF:AGE >= 65|*old*|ELSEIF:AGE>=18|*adult*|ELSEIF:AGE|*young*|ELSE:|*unknown*|END:IF|*';

describe('each recipient gets its branch', () => {
  test.each<[string, Record<string, string>, string]>([
    [ages, { AGE: '70' }, 'old'],
    [ages, { AGE: '9' }, 'young'],
    [ages, { AGE: '18' }, 'adult'],
    [ages, { age: '100' }, 'old'],
    [ages, {}, 'unknown'],
    ['Dear*|IF:FNAME|* *|FNAME|**|END:IF|*,', { FNAME: 'Ada' }, 'Dear Ada,'],
    ['Dear*|IF:FNAME|* *|FNAME|**|END:IF|*,', { FNAME: '' }, 'Dear,'],
    ['*|IFNOT:A|*no*|ELSE:|*yes*|END:IF|*', { A: '1' }, 'yes'],
    ['*|IFNOT:A|*no*|ELSE:|*yes*|END:IF|*', {}, 'no'],
    ['*|IF:A=x y|*1*|END:IF|**|IF:A!=x y|*2*|END:IF|*', { A: 'x y' }, '1'],
    ['*|IF:A=x y|*1*|END:IF|**|IF:A!=x y|*2*|END:IF|*', { A: 'X' }, '2'],
    ['*|IF:A=1.0|*same*|END:IF|*', { A: '1' }, 'same'],
    ['*|IF:A|*a*|IF:B|*b*|ELSE:|*not b*|END:IF|*c*|ELSE:|*d*|END:IF|*e', { A: '1' }, 'anot bce'],
    ['*|IF:A|*a*|IF:B|*b*|ELSE:|*not b*|END:IF|*c*|ELSE:|*d*|END:IF|*e', { B: '1' }, 'de'],
    ['*|IF:EMAIL=ann@mail.example|*it is you*|END:IF|*', {}, 'it is you'],
    ['*|IF:A|*x*|END:IF|*', { A: '*|END:IF|*' }, 'x'],
  ])('%s with %j', (source, fields, want) => {
    expect(filled(source, fields, { form: 'plain' })).toBe(want);
    expect(filled(`<p>${source}</p>`, fields)).toBe(`<p>${want}</p>`);
  });
});

test('branches may hold elements, and stand in attributes and links', () => {
  const rows = '<table>*|IF:A|*<tr><td title="*|A|*">*|A|*</td></tr>*|ELSE:|*<tr></tr>*|END:IF|*</table>';
  expect(filled(rows, { A: '<1>' })).toMatch(
    /^<table><tr><td title="[^"]*1[^"]*">.*1.*<\/td><\/tr><\/table>$/,
  );
  expect(filled(rows, {})).toBe('<table><tr></tr></table>');
  const alt = '<img alt="*|IF:A|*yes*|ELSE:|*no*|END:IF|*">';
  expect(filled(alt, { A: '1' })).toBe('<img alt="yes">');
  expect(filled(alt, {})).toBe('<img alt="no">');
  const href =
    '<a href="https://a.example/*|IF:A|**|A|**|ELSE:|*none*|END:IF|*?x=1&amp;y=2">*|IF:A|*a*|END:IF|*</a>';
  expect(filled(href, { A: 'b c' })).toBe('<a href="https://a.example/b%20c?x=1&amp;y=2">a</a>');
  expect(filled(href, {})).toBe('<a href="https://a.example/none?x=1&amp;y=2"></a>');
  const tracked = '*|IF:A|*<a href="https://a.example/">x</a>*|END:IF|*<a href="https://b.example/b">y</a>';
  expect(filled(tracked, {}, { clicks: true })).toBe('<a href="https://t.example/2?19">y</a>');
});

test('pixel and footer are for everybody', () => {
  const source = '<html><body>*|IF:A|*<p>x</p></body>*|ELSE:|*</body>*|END:IF|*</html>';
  const more = { footer: '<hr>*|IF:A|*f*|ELSE:|*g*|END:IF|*', pixel: true };
  for (const fields of [{ A: '1' }, {}]) {
    const text = filled(source, fields, more);
    expect(text).toContain('<img>');
    expect(text).toContain(`<hr>${'A' in fields ? 'f' : 'g'}`);
    expect(text).not.toContain('*|');
  }
});

test.each([
  '*|IF:A|*a',
  'a*|END:IF|*',
  '*|ELSE:|*a*|END:IF|*',
  '*|END:IF|**|IF:A|*',
  '*|IF:A|**|IF:B|*x*|END:IF|*',
  '*|IF:A B|*a*|END:IF|*',
])('%s does not fit together, and stays', (source) => {
  expect(filled(source, { A: '1' }, { form: 'plain' })).toBe(source);
  expect(branchState(textSlots(source, { charset: utf8, tags: tags('plain') }).slots)).toBe('broken');
});

test('2,000 random texts: as a simple reading of them says, and none is long in coming', () => {
  const random = randomFrom(20_261_125);
  const words = [
    'a',
    'b',
    '*|IF:A|*',
    '*|IF:B|*',
    '*|IFNOT:A|*',
    '*|ELSEIF:B|*',
    '*|ELSE:|*',
    '*|END:IF|*',
    '*|A|*',
  ];
  for (let n = 0; n < rounds(2000); n++) {
    const parts = Array.from({ length: random(12) }, () => words[random(words.length)] ?? '');
    const fields = { A: random(2) ? '1' : '', B: random(2) ? '2' : '' };
    expect(filled(parts.join(''), fields, { form: 'plain' })).toBe(simply(parts, fields));
  }
  const nested = '*|IF:A|*'.repeat(9000) + '*|END:IF|*'.repeat(9000);
  const since = performance.now();
  expect(filled(nested, {}, { form: 'plain' })).toBe('');
  expect(performance.now() - since).toBeLessThan(1000);
});

/** The same by recursion over the words. */
function simply(parts: readonly string[], fields: Readonly<{ A: string; B: string }>): string {
  const depths = parts.map((part) =>
    /IF(?:NOT)?:/.test(part) && !part.includes('ELSE') ? 1 : part.includes('END') ? -1 : 0,
  );
  let depth = 0;
  const fits = parts.every((part, i) => {
    if (depth === 0 && /ELSE|END/.test(part)) return false;
    depth += depths[i] ?? 0;
    return true;
  });
  const show = (part: string): string => (part === '*|A|*' ? fields.A : part);
  if (!fits || depth !== 0) return parts.map(show).join('');
  const truth = (part: string): boolean =>
    part.includes('IFNOT') ? fields.A === '' : part.includes(':A') ? fields.A !== '' : fields.B !== '';
  let at = 0;
  const read = (isOn: boolean): string => {
    let out = '';
    for (; at < parts.length; at++) {
      const part = parts[at] ?? '';
      if (/ELSE|END/.test(part)) return out;
      if (!part.startsWith('*|IF')) {
        out += isOn ? show(part) : '';
        continue;
      }
      let on = truth(part);
      let taken = on;
      at++;
      out += read(isOn && on);
      while (!(parts[at] ?? '').includes('END')) {
        const branch = parts[at] ?? '';
        on = !taken && (branch.includes('ELSE:') || truth(branch));
        taken ||= on;
        at++;
        out += read(isOn && on);
      }
    }
    return out;
  };
  return read(true);
}
