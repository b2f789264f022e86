import { readArguments } from '../config/arguments.ts';
import { suggest } from '../config/suggest.ts';
import { StartError } from '../errors.ts';
import { type Caller, type Command, check, healthcheck, prepare, routes, stacks } from './commands.ts';
import { helpText } from './help.ts';
import { printError } from './print-error.ts';
import { serveAll, serveOne } from './serve.ts';
import { readVersion } from './version.ts';

/** A command, and what it is told. */
interface Entry {
  readonly run: Command;
  /** What the words after its name stand for. */
  readonly words?: readonly string[];
  /** Whether it asks a server that runs, which `--server` can name. */
  readonly asks?: boolean;
}

const COMMANDS: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ['serve', { run: serveAll }],
  ['check', { run: check }],
  ['routes', { run: routes }],
  ['prepare', { run: prepare }],
  ['healthcheck', { run: healthcheck }],
  ['stacks', { run: stacks, words: ['APP'], asks: true }],
]);

/**
 * Runs one command.
 * @param argv the words after the program's name
 * @returns the exit status
 */
export async function main(argv: readonly string[]): Promise<number> {
  const caller: Caller = { directory: process.env.INIT_CWD ?? process.cwd(), env: process.env };
  try {
    const args = readArguments(argv, caller.directory);
    if (args.help) return print(helpText());
    if (args.version) return print(`stillhouse ${readVersion()}\n`);
    const [word = '', ...more] = args.positionals;
    const command = COMMANDS.get(word);
    if (args.server !== undefined && command?.asks !== true) throw strayServer();
    if (command !== undefined) {
      if (more.length !== (command.words ?? []).length) throw wrongWordsOf(word, command, more);
      return await command.run(args, caller);
    }
    if (args.positionals.length !== 1) throw wrongWords(args.positionals);
    return await serveOne(args, caller).catch((error: unknown) => {
      throw withCommandSuggested(error, word);
    });
  } catch (error) {
    return printError(error);
  }
}

function wrongWordsOf(name: string, { words = [] }: Entry, given: readonly string[]): StartError {
  const takes = words.length === 0 ? 'options and no words' : words.join(' ');
  const was = given.length === 0 ? 'nothing' : given.join(' ');
  const it = given.length === 1 ? 'it' : 'them';
  return new StartError({
    code: 'COMMAND_UNKNOWN',
    message: `stillhouse ${name} takes ${takes}, and was given ${was}`,
    cure: `${words.length === 0 ? `leave ${it} out` : `write stillhouse ${name} ${words.join(' ')}`}; stillhouse --help lists the options`,
  });
}

function strayServer(): StartError {
  const asking = [...COMMANDS].filter(([, { asks }]) => asks).map(([name]) => `stillhouse ${name}`);
  return new StartError({
    code: 'OPTION_INVALID',
    message: '--server has a meaning only for a command that asks a server which runs',
    cure: `leave it out; it is for ${asking.join(', ')}`,
  });
}

function wrongWords(words: readonly string[]): StartError {
  return new StartError({
    code: 'COMMAND_UNKNOWN',
    message:
      words.length === 0
        ? 'no application was named, and no command'
        : `one application or command was expected, and ${words.length} words were given: ${words.join(' ')}`,
    cure: 'write stillhouse MODULE:CALLABLE, such as stillhouse web_app:application, or stillhouse serve; stillhouse --help says more',
  });
}

/** A module that does not exist may be a command, mistyped. */
function withCommandSuggested(error: unknown, word: string): unknown {
  if (!(error instanceof StartError) || error.code !== 'APP_MODULE_MISSING') return error;
  const near = suggest(word, [...COMMANDS.keys()]);
  return near === undefined
    ? error
    : new StartError({ ...error.failure, cure: `${error.cure}; or was the command ${near} meant?` });
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
