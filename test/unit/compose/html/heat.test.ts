// Marks in links: the right number at the right link, and nothing of a hostile message gets out of its place.
import { expect, test } from 'vitest';
import { markLinks } from '../../../../src/compose/html/heat.ts';

/** The marks with what follows each, and the source without them. */
function read(html: string): Readonly<{ marks: readonly string[]; rest: string }> {
  const mark = /<span style="[^"]*">(\d+ · \d+%)<\/span>/g;
  return { marks: [...html.matchAll(mark)].map((found) => found[1] ?? ''), rest: html.replace(mark, '') };
}

const cases: readonly (readonly [
  string,
  string,
  readonly (readonly [number, string, number])[],
  readonly string[],
])[] = [
  [
    'each link has its share',
    '<a href="https://a.example/x?u=1">A</a><a href="https://a.example/y">B</a>',
    [
      [1, 'https://a.example/x', 3],
      [2, 'https://a.example/y', 1],
    ],
    ['3 · 75%', '1 · 25%'],
  ],
  ['one without clicks says so', '<a href="https://a.example/">A</a>', [], ['0 · 0%']],
  [
    'the same address twice is told apart by number',
    '<a href="https://a.example/">A</a><a href="https://a.example/">B</a>',
    [[2, 'https://a.example/', 4]],
    ['0 · 0%', '4 · 100%'],
  ],
  [
    'a number that does not fit counts by address',
    '<a href="https://a.example/">A</a>',
    [[9, 'https://a.example/', 4]],
    ['4 · 100%'],
  ],
  [
    'clicks on what is not there count in the whole',
    '<a href="https://a.example/">A</a>',
    [
      [1, 'https://a.example/', 1],
      [2, 'https://gone.example/', 3],
    ],
    ['1 · 25%'],
  ],
  [
    'what is behind a question mark does not count',
    '<a href="https://a.example/?a=1&amp;b=2#c">A</a>',
    [[1, 'https://a.example/?a=9', 1]],
    ['1 · 100%'],
  ],
  [
    'mailto and anchors are no links',
    '<a href="mailto:a@b.example">A</a><a href="#x">B</a>',
    [[1, 'https://a.example/', 1]],
    [],
  ],
  [
    'attributes without quotes',
    '<a class=x href=https://a.example/ title=y>A</a>',
    [[1, 'https://a.example/', 1]],
    ['1 · 100%'],
  ],
  [
    'a letter of the sandbox tells numbers',
    '<a href="https://click.example/t/c/abc">A</a>',
    [[1, 'https://a.example/', 2]],
    ['2 · 100%'],
  ],
];
test.each(cases)('%s', (_, html, clicks, marks) => {
  const marked = markLinks(
    html,
    clicks.map(([link, url, count]) => ({ link, url, clicks: count })),
  );
  expect(read(marked)).toEqual({ marks, rest: html });
});

const hostile = [
  '<a href="https://a.example/" title="> <script>alert(1)</script>">A</a>',
  `<a href='https://a.example/"><script>alert(1)</script>'>A</a>`,
  '<a href="https://a.example/" title="never ends',
  '<a href="https://a.example/"',
  '<!-- <a href="https://a.example/">A</a> --><style>a{}</style><textarea><a href="https://a.example/">',
  '<a href="https://a.example/"><a href="https://a.example/"></a>',
  '<svg><a xlink:href="https://a.example/" href="javascript:alert(1)">A</a></svg>',
  '<a\nhref\n=\n"https://a.example/"\nonclick="x>y">A</a>',
  '<a/href="https://a.example/">A</a>',
];
test.each(hostile)('%s stays as it was around the marks', (html) => {
  const clicks = [{ link: 1, url: 'https://a.example/"><img src=x onerror=alert(1)>', clicks: 5 }];
  const marked = markLinks(html, clicks);
  const { rest } = read(marked);
  expect(rest).toBe(html);
  expect(marked).not.toContain('onerror');
});

test('a mark stands behind the end of its tag', () => {
  const html = '<a href="https://a.example/" title="a > b">A</a>';
  expect(markLinks(html, [])).toMatch(/title="a > b"><span [^>]*>0 · 0%<\/span>A<\/a>$/);
});

test('bounded, whatever comes', () => {
  let seed = 7;
  const next = (n: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % n;
  const bits = [
    '<a ',
    'href=',
    '"',
    "'",
    'https://a.example/',
    '>',
    '</a>',
    '<!--',
    '-->',
    '<',
    '\0',
    '<style>',
    'x',
    '=',
    '<![if mso]>',
  ];
  for (let round = 0; round < 3000; round++) {
    const html = Array.from({ length: next(30) }, () => bits[next(bits.length)]).join('');
    expect(read(markLinks(html, [{ link: 1, url: 'https://a.example/', clicks: 1 }])).rest).toBe(html);
  }
});
