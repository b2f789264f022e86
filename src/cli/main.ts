import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { readArguments } from '../config/arguments.ts';
import type { Settings } from '../config/settings.ts';
import { StartError } from '../errors.ts';
import { createLog, type LogSettings } from '../observe/log.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { helpText } from './help.ts';
import { makePlan } from './plan.ts';
import { printError } from './print-error.ts';

/**
 * Runs one command.
 * @param argv the words after the program's name
 * @returns the exit status
 */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const { positionals, settings, help, version } = readArguments(argv);
    if (help) return print(helpText());
    if (version) return print(`stillhouse ${readVersion()}\n`);
    const [target, extra] = positionals;
    if (target === undefined || extra !== undefined) {
      throw new StartError({
        code: 'COMMAND_UNKNOWN',
        message:
          target === undefined
            ? 'no application was named'
            : `one application was expected, and ${positionals.length} words were given: ${positionals.join(' ')}`,
        cure: 'write stillhouse MODULE:CALLABLE, such as stillhouse web_app:application; stillhouse --help says more',
      });
    }
    await serve(target, settings);
    return 0;
  } catch (error) {
    return printError(error);
  }
}

async function serve(target: string, settings: Settings): Promise<void> {
  const logSettings = logSettingsOf(settings);
  const plan = makePlan(target, settings, {
    directory: process.env.INIT_CWD ?? process.cwd(),
    env: process.env,
    log: logSettings,
  });
  const log = createLog(logSettings, 'supervisor');
  const supervisor = new Supervisor(plan, log.logger);
  const forget = stopOnSignals(supervisor);
  try {
    await supervisor.run();
    log.logger.info('stopped');
  } finally {
    forget();
    await log.close();
  }
}

/** SIGINT may come twice from one Ctrl-C (a terminal and npm both send it), so a second one says nothing new. */
function stopOnSignals(supervisor: Supervisor): () => void {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  const stop = (signal: NodeJS.Signals) => supervisor.stop(signal);
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

function logSettingsOf({ logLevel, logFormat }: Settings): LogSettings {
  const readable = logFormat === 'readable' || (logFormat === 'auto' && isatty(1));
  return { level: logLevel as LogSettings['level'], readable };
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
