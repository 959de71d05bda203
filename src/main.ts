#!/usr/bin/env node
// The binary: reads the command line, runs a command, and turns every problem into one sentence and an exit code.
import { existsSync, readFileSync } from 'node:fs';
import { Command as Program, CommanderError } from 'commander';
import { ConfigProblem, loadConfig } from './config.ts';
import type { Command, Option, Values } from './cli/command.ts';
import { systemClock } from './lib/clock.ts';
import { makeLog } from './lib/log.ts';
import { banner } from './roles/banner.ts';
import { commands, runCommand, type Context } from './roles/command.ts';
import { firstRunFile } from './roles/first-run.ts';
import { roleNames, type RoleName } from './roles/role.ts';
import { start, type Running } from './roles/start.ts';
import { reasonOf } from './lib/reason.ts';

/** Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration (EX_CONFIG). */
const FAILED = 1;
const MISUSED = 2;
const MISCONFIGURED = 78;
/** A terminal's Ctrl-C may arrive twice, by npm and by itself: only a later one means "hurry". */
const SECOND_SIGNAL_MS = 1_000;

/** What the first words of commands are about, for the overview. */
const GROUPS = {
  user: 'Who may send: add, change, disable.',
  domain: 'Sender domains: DKIM keys, DNS records, checks.',
  feedback: 'Addresses of ours that bounces and complaints come to.',
  pool: 'Named groups of transports.',
  transport: 'Outbound addresses: add, pause, remove.',
  suppression: 'Addresses that get no mail.',
  template: 'Stored templates and their versions.',
  recipient: 'What is known of the people that mail went to.',
  limit: 'What is held back, by automation and by pauses.',
  message: 'What became of a message.',
  history: 'What search and statistics are made from.',
  quarantine: 'Messages that a scanner refused.',
  alert: 'What goes on, and who hears of it.',
  webhook: 'Who gets events over HTTP, and how each is doing.',
  member: 'Who may log in to the dashboard.',
  key: 'Keys of the API.',
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

type StartFlags = Readonly<{ role?: string[]; config?: string }>;

async function runStart(flags: StartFlags): Promise<void> {
  const roles = readRoles(flags.role ?? []);
  const config = loadConfig({ file: flags.config, environment: process.env });
  const redisServer = process.env['POSTINO_REDIS_SERVER'];
  const running = await start({
    config,
    roles,
    clock: systemClock,
    log: makeLog(config.log.level),
    redisServer,
  });
  say(describe(running));
  let firstAt: number | undefined;
  const stop = (): void => {
    if (firstAt !== undefined && systemClock.ticks() - firstAt < SECOND_SIGNAL_MS) return;
    firstAt ??= systemClock.ticks();
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

function readRoles(asked: readonly string[]): readonly RoleName[] {
  const wrong = asked.find((role) => !roleNames.some((known) => known === role));
  if (wrong !== undefined)
    throw new CommanderError(
      MISUSED,
      'role',
      `There is no role ${wrong}; there are ${roleNames.join(', ')}.`,
    );
  return asked.length === 0 ? roleNames : roleNames.filter((role) => asked.includes(role));
}

function describe({ base, submission, http, tracking, feedback }: Running): string {
  const { users, transports } = base.settingsNow();
  const file = firstRunFile(base.config.data);
  return banner({
    config: base.config,
    listeners: submission?.listeners ?? [],
    http,
    tracking,
    feedback: feedback?.listeners.map(({ port }) => port) ?? [],
    users: [...users.keys()],
    transports: [...transports.values()].map(({ kind }) => kind),
    firstRun: existsSync(file) ? { file, text: readFileSync(file, 'utf8') } : undefined,
  });
}

/** Adds a command of a table: its words become commander's nested commands. */
function register(program: Program, command: Command<Context>): void {
  const [first = '', ...rest] = command.words.split(' ');
  const names = rest.filter((word) => !/^[<[]/.test(word));
  const args = rest.filter((word) => /^[<[]/.test(word));
  const path = [first, ...names];
  const parent = path.slice(0, -1).reduce(childOf, program);
  const target = childOf(parent, path.at(-1) ?? '');
  target.summary(command.summary).description(command.summary);
  for (const arg of args) target.argument(arg);
  for (const option of command.options ?? []) addOption(target, option);
  target.option('--json', 'print JSON, for programs').option('--config <file>', 'configuration file');
  target.action(async (...given: unknown[]) => {
    const values = target.optsWithGlobals<Record<string, string | boolean | string[]>>();
    const names = args.map((arg) => arg.replace(/[<>[\].]/g, ''));
    await runListed(command, Object.fromEntries(names.map((name, i) => [name, textOf(given[i])])), values);
  });
}

/** An argument as it was given; of "[words...]" all, with spaces between. */
function textOf(given: unknown): string {
  if (Array.isArray(given)) return given.map(String).join(' ');
  return typeof given === 'string' ? given : '';
}

function childOf(parent: Program, name: string): Program {
  return parent.commands.find((known) => known.name() === name) ?? parent.command(name);
}

function addOption(target: Program, { flags, summary, many }: Option): void {
  if (!many) return void target.option(flags, summary);
  target.option(flags, summary, (value: string, before: string[] | undefined) => [...(before ?? []), value]);
}

async function runListed(
  command: Command<Context>,
  args: Readonly<Record<string, string>>,
  options: Values,
): Promise<void> {
  const file = typeof options['config'] === 'string' ? options['config'] : undefined;
  const config = loadConfig({ file, environment: process.env });
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  const around = {
    config,
    clock: systemClock,
    signal: abort.signal,
    write: say,
    redisServer: process.env['POSTINO_REDIS_SERVER'],
  };
  const { text, data, code } = await runCommand(command, around, args, options);
  const output = options['json'] === true ? JSON.stringify(data, undefined, 2) : text;
  if (output !== undefined && output !== '')
    (code === 0 || options['json'] === true ? say : complain)(output);
  process.exitCode = code;
}

function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : MISUSED);
  complain(reasonOf(error));
  const isConfiguration =
    error instanceof ConfigProblem ||
    (error instanceof Error && /^(StartProblem|BaseProblem)$/.test(error.name));
  process.exit(isConfiguration ? MISCONFIGURED : FAILED);
}

const program = new Program('postino')
  .description('An SMTP relay for the mail that applications send.')
  .exitOverride()
  .configureOutput({ outputError: (text) => complain(text.trim()) });
program
  .command('start')
  .description('Run the relay, or some of its roles.')
  .option('--role <role...>', `roles to run: ${roleNames.join(', ')} (default: all)`)
  .option('--config <file>', 'configuration file (default: POSTINO_CONFIG, or config/postino.yaml)')
  .action(runStart);
for (const command of commands) register(program, command);
for (const [name, summary] of Object.entries(GROUPS)) childOf(program, name).description(summary);
program.parseAsync().catch(fail);
