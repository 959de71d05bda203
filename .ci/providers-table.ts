// The table of providers in docs/shaping.md, made from config/providers.yaml; the text around it is written by hand.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { makeProviders, type Provider } from '../src/deliver/providers.ts';
import { providersFile } from '../src/deliver/providers-file.ts';
import { sayRate } from '../src/lib/rate.ts';

const PAGE = 'docs/shaping.md';
const BEGIN = '<!-- providers: made by "npm run generate" -->';
const END = '<!-- /providers -->';

/** docs/shaping.md with the table as it should be. */
export function shapingPage(): string {
  const page = readFileSync(PAGE, 'utf8');
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place for its table`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${table()}\n\n${page.slice(end)}`;
}

function table(): string {
  const file: unknown = parse(readFileSync('config/providers.yaml', 'utf8'));
  const { all, automation } = makeProviders(providersFile.parse(file));
  const rows = all.map((provider) => [
    provider.name,
    knownBy(provider),
    perLane(provider),
    together(provider),
    provider.tls === 'required' ? 'required' : '',
    String(provider.automation.length || ''),
    provider.source ?? '',
  ]);
  const head = ['provider', 'known by', 'per address and site', 'in all', 'TLS', 'rules', 'source'];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n\nBesides these, ${automation.length} rules of automation hold for all sites.`;
}

function knownBy({ mx, domains }: Provider): string {
  const some = domains.length > 3 ? `${domains.slice(0, 3).join(', ')} …` : domains.join(', ');
  return [mx.map((host) => `\`${host}\``).join(' '), some].filter((part) => part !== '').join(', ');
}

function perLane({ lane, oneSite }: Provider): string {
  const { connections, messages, messagesPerConnection, idle } = lane;
  const parts = [
    connections && `${connections} connections`,
    messagesPerConnection && `${messagesPerConnection} messages each`,
    messages && sayRate(messages),
    idle && `idle ${idle / 1000} s`,
    oneSite && 'all hosts are one site',
  ];
  return parts.filter((part) => typeof part === 'string').join(', ');
}

function together({ together: { connections, messages } }: Provider): string {
  const parts = [connections && `${connections} connections`, messages && sayRate(messages)];
  return parts.filter((part) => typeof part === 'string').join(', ');
}
