import { readArguments } from '../config/arguments.ts';
import { suggest } from '../config/suggest.ts';
import { StartError } from '../errors.ts';
import type { Command } from './command.ts';
import { printError } from './print-error.ts';
import type { Caller } from './read-config.ts';
import { readVersion } from './version.ts';

/** Options that are no settings. `--server` names one of several servers, for a command that asks one which runs. */
type OwnOption = '--server' | '--json';

/** A command, and what it is told. */
interface Entry {
  readonly run: Command;
  /** What the words after its name stand for; those in [brackets] may be left out. */
  readonly words?: readonly string[];
  /** The options that have a meaning for it, and not for every command. */
  readonly options?: readonly OwnOption[];
}

/** Commands that need no server that runs. */
const offline =
  (name: 'check' | 'routes' | 'prepare' | 'healthcheck'): Command =>
  async (...given) =>
    (await import('./commands.ts'))[name](...given);
/** Commands that ask one that does. */
const control =
  (name: 'status' | 'reload' | 'scale' | 'stacks' | 'stop'): Command =>
  async (...given) =>
    (await import('./control-commands.ts'))[name](...given);

/** Each is loaded when it is run: a server keeps what it has loaded in its memory, and needs none of the others. */
const COMMANDS: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ['serve', { run: async (...given) => (await import('./serve.ts')).serveAll(...given) }],
  ['check', { run: offline('check') }],
  ['routes', { run: offline('routes') }],
  ['prepare', { run: offline('prepare') }],
  ['healthcheck', { run: offline('healthcheck') }],
  ['status', { run: control('status'), options: ['--server', '--json'] }],
  ['reload', { run: control('reload'), words: ['[APP]'], options: ['--server'] }],
  ['scale', { run: control('scale'), words: ['APP', 'N'], options: ['--server'] }],
  ['stacks', { run: control('stacks'), words: ['APP'], options: ['--server'] }],
  ['stop', { run: control('stop'), options: ['--server'] }],
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
    if (args.help) return print((await import('./help.ts')).helpText());
    if (args.version) return print(`stillhouse ${readVersion()}\n`);
    const [word = '', ...more] = args.positionals;
    const command = COMMANDS.get(word);
    // A signal that is sent to the server by this name must not reach whoever asks it.
    process.title = `stillhouse: ${command === undefined || word === 'serve' ? 'supervisor' : word}`;
    const given = { '--server': args.server !== undefined, '--json': args.json };
    for (const [option, isGiven] of Object.entries(given) as [OwnOption, boolean][]) {
      if (isGiven && command?.options?.includes(option) !== true) throw strayOption(option);
    }
    if (command !== undefined) {
      if (!fits(command, more)) throw wrongWordsOf(word, command, more);
      return await command.run(args, caller);
    }
    if (args.positionals.length !== 1) throw wrongWords(args.positionals);
    const { serveOne } = await import('./serve.ts');
    return await serveOne(args, caller).catch((error: unknown) => {
      throw withCommandSuggested(error, word);
    });
  } catch (error) {
    return printError(error);
  }
}

function fits({ words = [] }: Entry, { length }: readonly string[]): boolean {
  return length <= words.length && length >= words.filter((word) => !word.startsWith('[')).length;
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

function strayOption(option: OwnOption): StartError {
  const takers = [...COMMANDS].filter(([, { options }]) => options?.includes(option)).map(([name]) => name);
  return new StartError({
    code: 'OPTION_INVALID',
    message: `${option} has no meaning for this command`,
    cure: `leave it out; it is for stillhouse ${takers.join(', ')}`,
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
