// The binary: reads the command line, runs a command, and turns every problem into one sentence and an exit code.
import { Command } from 'commander';
import { loadConfig, ConfigProblem } from './config.ts';
import { systemClock } from './lib/clock.ts';
import { makeLog } from './lib/log.ts';
import { banner } from './roles/banner.ts';
import { firstRunFile } from './roles/first-run.ts';
import { roleNames, type RoleName } from './roles/role.ts';
import { start, type Running } from './roles/start.ts';
import { existsSync } from 'node:fs';

const EXIT_CONFIGURATION = 78;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

async function runStart(options: Readonly<{ role?: string[]; config?: string }>): Promise<void> {
  const config = loadConfig({ file: options.config, environment: process.env });
  const roles = readRoles(options.role);
  const log = makeLog(config.log.level);
  const running = await start({
    config,
    roles,
    clock: systemClock,
    log,
    redisServer: process.env['POSTINO_REDIS_SERVER'],
  });
  say(describe(running));
  const stop = (): void => {
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        complain(`Postino did not stop in good order: ${String(error)}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

function readRoles(asked: string[] | undefined): readonly RoleName[] {
  if (!asked || asked.length === 0) return roleNames;
  return roleNames.filter((role) => asked.includes(role));
}

function describe({ base, submission, http }: Running): string {
  const { users, transports } = base.settingsNow();
  const file = firstRunFile(base.config.data);
  return banner({
    config: base.config,
    listeners: submission?.listeners ?? [],
    http,
    users: [...users.keys()],
    sandboxed: [...transports.values()].every(({ kind }) => kind === 'sandbox'),
    firstRun: existsSync(file) ? file : undefined,
  });
}

const program = new Command('postino').description('An SMTP relay for the mail that applications send.');
program
  .command('start')
  .description('Run the relay, or some of its roles.')
  .option('--role <role...>', `roles to run: ${roleNames.join(', ')} (default: all)`)
  .option('--config <file>', 'configuration file (default: POSTINO_CONFIG, or config/postino.yaml)')
  .action(runStart);

program.parseAsync().catch((error: unknown) => {
  const isConfiguration =
    error instanceof ConfigProblem || (error instanceof Error && error.name === 'StartProblem');
  complain(error instanceof Error ? error.message : String(error));
  process.exit(isConfiguration ? EXIT_CONFIGURATION : 1);
});
