// postino template …: stored templates and their versions.
import { tagSyntaxes } from '../model/instructions.ts';
import { MAX_TEMPLATE_BYTES, type TemplateContent } from '../store/templates.ts';
import {
  listTemplates,
  putTemplate,
  removeTemplate,
  renderTemplate,
  shortName,
  showTemplate,
} from '../verbs/template.ts';
import {
  accountOf,
  declined,
  done,
  failed,
  misused,
  sheet,
  table,
  textOf,
  listOf,
  type Result,
  type Values,
} from './command.ts';
import type { SettingsCommand, SettingsContext } from './context.ts';
import { readText } from './files.ts';
import { sayTime } from './timeline.ts';

const account = { flags: '--account <name>', summary: 'whose template (default: default)' };

export const templateCommands: readonly SettingsCommand[] = [
  {
    words: 'template put <name>',
    summary: 'Store a template, or a new version of it.',
    options: [
      account,
      { flags: '--html <file>', summary: 'its HTML; "-" is standard input' },
      { flags: '--text <file>', summary: 'its text' },
      { flags: '--subject <text>', summary: 'its subject' },
      { flags: '--engine <tags|liquid>', summary: '[name] and the like (default), or Liquid' },
    ],
    run: put,
  },
  {
    words: 'template list',
    summary: 'List the templates.',
    options: [account],
    run: async (context, _, options) => {
      const all = await listTemplates(context, accountOf(options));
      const rows = all.map(({ name, engine, versions }) => [
        shortName(name),
        engine,
        String(versions.at(-1) ?? ''),
        String(versions.length),
      ]);
      const none = 'There are no templates; store one with "postino template put <name> --html <file>".';
      return done(table(['template', 'engine', 'latest', 'versions'], rows, none), all);
    },
  },
  {
    words: 'template show <name>',
    summary: 'Print a template as it is stored.',
    options: [account, { flags: '--version <n>', summary: 'this version (default: the latest)' }],
    run: show,
  },
  {
    words: 'template render <name>',
    summary: 'Fill a template in for a recipient and print it; nothing is sent.',
    options: [
      account,
      { flags: '--version <n>', summary: 'this version (default: the latest)' },
      { flags: '--to <address>', summary: 'whose merge fields are filled in' },
      { flags: '--data <name=value>', summary: 'a value that a message would bring', many: true },
      { flags: '--syntax <name>', summary: 'how its tags are written (default: brackets)', many: true },
    ],
    run: render,
  },
  {
    words: 'template remove <name>',
    summary: 'Remove a template; what is queued with it is still sent, for 90 days.',
    options: [account],
    run: async (context, { name = '' }, options) => {
      const removal = await removeTemplate(context, accountOf(options), name);
      if (!removal.ok) return declined(removal);
      return done(`Template ${name} was removed; what is queued with it is still sent.`, { removed: name });
    },
  },
];

async function put(
  context: SettingsContext,
  { name = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const engine = textOf(options, 'engine') ?? 'tags';
  if (engine !== 'tags' && engine !== 'liquid') return misused('--engine is either tags or liquid.');
  const parts = {
    html: await fileOf(context, options, 'html'),
    text: await fileOf(context, options, 'text'),
  };
  const problems = Object.values(parts).flatMap((part) => ('problem' in part ? [part.problem] : []));
  if (problems.length > 0) return failed(problems.join('\n'));
  const subject = textOf(options, 'subject');
  const content: Omit<TemplateContent, 'at'> = {
    engine,
    ...(subject === undefined || subject === '' ? {} : { subject }),
    ...textIn('html', parts.html),
    ...textIn('text', parts.text),
  };
  const stored = await putTemplate(context, accountOf(options), name, content);
  if (!stored.ok) return declined(stored);
  const { version, came, mistake } = stored.value;
  const said = came === 'added' ? `is stored as version ${version}` : `is the same as version ${version}`;
  const warned =
    mistake === undefined ? '' : `\nFilled in without values it fails, and its mail would bounce: ${mistake}`;
  return done(`Template ${name} ${said}.${warned}`, { name, ...stored.value });
}

type Part = Readonly<{ text?: string } | { problem: string }>;

async function fileOf(context: SettingsContext, options: Values, name: string): Promise<Part> {
  const file = textOf(options, name);
  return file === undefined ? {} : readText(context, file, MAX_TEMPLATE_BYTES);
}

function textIn(key: 'html' | 'text', part: Part): Pick<TemplateContent, 'html' | 'text'> {
  return 'text' in part && part.text !== undefined ? { [key]: part.text } : {};
}

async function show(
  context: SettingsContext,
  { name = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const asked = textOf(options, 'version');
  const shown = await showTemplate(
    context,
    accountOf(options),
    name,
    asked === undefined ? undefined : Number(asked),
  );
  if (!shown.ok) return declined(shown);
  const { version, versions, content } = shown.value;
  const { at, html, text, ...head } = content;
  const facts = sheet({
    name,
    version,
    ...head,
    stored: `${sayTime(at)} UTC`,
    versions,
  });
  const parts = [facts, ...(text === undefined ? [] : [`-- text\n${text}`])];
  if (html !== undefined) parts.push(`-- html\n${html}`);
  return done(parts.join('\n\n'), { name, version, versions, ...content });
}

async function render(
  context: SettingsContext,
  { name = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const said = listOf(options, 'syntax') ?? [];
  const syntaxes = tagSyntaxes.filter((one) => said.includes(one));
  if (syntaxes.length < said.length) return misused(`--syntax is one of ${tagSyntaxes.join(', ')}.`);
  const given = options['data'];
  const data = (Array.isArray(given) ? given.map(String) : []).map((text) => /^([^=]+)=(.*)$/s.exec(text));
  if (data.includes(null)) return misused('--data is written name=value.');
  const version = textOf(options, 'version');
  const filled = await renderTemplate(
    context,
    { account: accountOf(options), name },
    {
      version: version === undefined ? undefined : Number(version),
      recipient: textOf(options, 'to'),
      data: Object.fromEntries(data.map((found) => [found?.[1] ?? '', found?.[2] ?? ''])),
      syntaxes: syntaxes.length > 0 ? syntaxes : undefined,
    },
  );
  if (!filled.ok) return failed(filled.problem);
  const { subject, html, text, notes } = filled.value;
  const parts = [
    `Subject: ${subject}`,
    ...(text === undefined ? [] : [`-- text\n${text}`]),
    ...(html === undefined ? [] : [`-- html\n${html}`]),
    ...notes,
  ];
  return done(parts.join('\n\n'), { name, ...filled.value });
}
