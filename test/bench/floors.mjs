// What the bench compares, and the floors that Postino has to reach beside Postfix. Pure.

/**
 * `rate`: messages/s at least so many times Postfix's; `cpu`: CPU at most so much of Postfix's; `recipients`: recipients/s at
 * least. `env` is ours alone: Postfix does not sign.
 */
export const ROWS = [
  { name: 'plain', args: '--n 5000 --size 10000 --sessions 40 --reuse', rate: 1.5, cpu: 0.6 },
  { name: 'dkim', args: '--n 4000 --size 10000 --sessions 40 --reuse', env: { DKIM: '1' }, rate: 1 },
  { name: 'new-connection', args: '--n 3000 --size 10000 --sessions 40', rate: 1 },
  { name: '100KB', args: '--n 2000 --size 100000 --sessions 20 --reuse', rate: 1 },
  { name: '5MB', args: '--n 100 --size 5000000 --sessions 4 --reuse --warm 10', rate: 0.8 },
  {
    name: '50-recipients',
    args: '--n 400 --size 10000 --rcpts 50 --sessions 10 --reuse --warm 20',
    recipients: 2000,
  },
];

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];
const span = (numbers) => `${Math.min(...numbers)}–${Math.max(...numbers)}`;

/** The line of the table for one row's runs, and the floors it reached or missed. */
export function judge(row, { postino, postfix }) {
  const rates = postino.map((run) => (row.recipients ? run.rcpt_s : run.msgs_s));
  const rate = median(rates);
  const cpu = median(postino.map((run) => run.cpu_per_1000));
  const ours = { rate, span: span(rates), cpu };
  if (row.recipients)
    return { row, ours, floors: [floor('recipients/s', rate, row.recipients, rate >= row.recipients)] };
  const theirRates = postfix.map((run) => run.msgs_s);
  const theirs = {
    rate: median(theirRates),
    span: span(theirRates),
    cpu: median(postfix.map((run) => run.cpu_per_1000)),
  };
  const times = rate / theirs.rate;
  const share = cpu / theirs.cpu;
  const floors = [floor('rate', times.toFixed(2), row.rate, times >= row.rate)];
  if (row.cpu) floors.push(floor('CPU', share.toFixed(2), row.cpu, share <= row.cpu));
  return { row, ours, theirs, times, share, floors };
}

const floor = (what, value, limit, reached) => ({ what, value, limit, reached });

export const HEAD =
  '| row | Postino /s (span) | Postfix /s (span) | times | CPU s/1000 | Postfix | share | floor |\n' +
  '|---|---|---|---|---|---|---|---|';

export function tableLine({ row, ours, theirs, times, share, floors }) {
  const verdicts = floors.map(
    ({ what, value, limit, reached }) =>
      `${reached ? 'reached' : 'MISSED'}: ${what} ${value} (${what === 'CPU' ? 'at most' : 'at least'} ${limit})`,
  );
  const cells = [
    row.name,
    `${ours.rate} (${ours.span})`,
    theirs ? `${theirs.rate} (${theirs.span})` : '–',
    times?.toFixed(2) ?? '–',
    ours.cpu.toFixed(2),
    theirs?.cpu.toFixed(2) ?? '–',
    share?.toFixed(2) ?? '–',
    verdicts.join('; '),
  ];
  return `| ${cells.join(' | ')} |`;
}
