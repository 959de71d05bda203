// What a body of 30 KB with 20 links and 10 tags costs: compiled once per submission, filled once per recipient.
// Run: node_modules/.bin/node test/bench/compose.mjs
import { fillSlot, join } from '../../src/compose/html/fill.ts';
import { htmlSlots } from '../../src/compose/html/slots.ts';
import { utf8 } from '../../src/compose/merge/charset.ts';
import { tagSearch } from '../../src/compose/merge/tags.ts';
import { mergeValues } from '../../src/compose/merge/values.ts';
import { unescapeHtml } from '../../src/compose/html/tokens.ts';

const CELL = '<td style="padding:0 10px;font:14px/20px Arial,sans-serif;color:#333333" align="left">';
const TEXT = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt. ';

function body(size, links, tags) {
  const rows = [];
  for (let i = 0; i < links; i++)
    rows.push(
      `<tr>${CELL}<a href="https://shop.example/p/${i}?a=1&amp;b=${i}" style="color:#06c">Offer ${i}</a></td></tr>`,
    );
  for (let i = 0; i < tags; i++) rows.push(`<tr>${CELL}Dear [field${i}|friend], good day</td></tr>`);
  let html = `<!DOCTYPE html>\r\n<html><head><title>Offers</title><style>td{margin:0}</style></head><body>\r\n<table>`;
  for (let i = 0; html.length < size; i++) html += `${rows[i] ?? `<tr>${CELL}${TEXT}</td></tr>`}\r\n`;
  return `${html}</table></body></html>\r\n`;
}

function measure(name, times, run) {
  for (let i = 0; i < times; i++) run();
  const costs = [];
  for (let round = 0; round < 7; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < times; i++) run();
    costs.push(Number(process.hrtime.bigint() - start) / 1e6 / times);
  }
  costs.sort((a, b) => a - b);
  console.log(`${name.padEnd(34)} ${costs[3].toFixed(4)} ms (${costs[0].toFixed(4)}–${costs[6].toFixed(4)})`);
}

const source = body(30_000, 20, 10);
const fields = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`field${i}`, `Value <${i}>`]));
const values = mergeValues({ syntaxes: ['brackets'], fields });
const tags = tagSearch({
  syntaxes: ['brackets'],
  literals: values.literals,
  charset: utf8,
  form: 'html',
  unescape: unescapeHtml,
});
const options = { charset: utf8, tags, clicks: true, pixel: true };
const compiled = htmlSlots(source, options);
const token = 'x'.repeat(120);
const fill = {
  charset: utf8,
  value: values.lookupFor({ address: 'a@b.example', system: () => undefined }),
  click: (n) => `https://click.shop.example/t/c/${token}${n}`,
  pixel: () => `<img src="https://click.shop.example/t/o/${token}" width="1" height="1" alt="">`,
};
console.log(`${source.length} bytes, ${compiled.links} links, ${compiled.slots.length} slots`);
measure('search for tags', 500, () => tags(source, 20_001));
measure('compile', 500, () => htmlSlots(source, options));
measure('compile, links only', 500, () => htmlSlots(source, { charset: utf8, clicks: true, pixel: true }));
measure('fill the slots', 5000, () => compiled.slots.map((slot) => fillSlot(slot, fill)));
measure('join the body', 5000, () => join(source, compiled.slots, fill));
for (const kinds of [100, 5000]) {
  const literals = Array.from({ length: kinds }, (_, i) => `-key${i}-`);
  const search = tagSearch({
    syntaxes: ['literal'],
    literals,
    charset: utf8,
    form: 'html',
    unescape: unescapeHtml,
  });
  measure(`search for ${kinds} literals`, 200, () => search(source, 20_001));
}
