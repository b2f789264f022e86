import { readArguments } from '../config/arguments.ts';
import { suggest } from '../config/suggest.ts';
import { StartError } from '../errors.ts';
import { type Caller, type Command, check, healthcheck, prepare, routes, serveAll, serveOne } from './commands.ts';
import { helpText } from './help.ts';
import { printError } from './print-error.ts';
import { readVersion } from './version.ts';

const COMMANDS: Readonly<Record<string, Command>> = { serve: serveAll, check, routes, prepare, healthcheck };

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
    const [word, ...more] = args.positionals;
    if (word === undefined || more.length > 0) throw wrongWords(args.positionals);
    const command = COMMANDS[word];
    if (command !== undefined) return await command(args, caller);
    return await serveOne(args, caller).catch((error: unknown) => {
      throw withCommandSuggested(error, word);
    });
  } catch (error) {
    return printError(error);
  }
}

function wrongWords(words: readonly string[]): StartError {
  const [first = '', ...others] = words;
  if (first in COMMANDS) {
    return new StartError({
      code: 'COMMAND_UNKNOWN',
      message: `stillhouse ${first} takes options and no words, and was given ${others.join(' ')}`,
      cure: `leave ${others.length === 1 ? 'it' : 'them'} out; stillhouse --help lists the options`,
    });
  }
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
  const near = suggest(word, Object.keys(COMMANDS));
  return near === undefined
    ? error
    : new StartError({ ...error.failure, cure: `${error.cure}; or was the command ${near} meant?` });
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
