import { StartError } from '../errors.ts';
import { SETTINGS, type Setting, type SettingName, type Settings } from './settings.ts';
import { suggest } from './suggest.ts';
import { parseValue, ValueError } from './values.ts';

/** A command line, read. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly settings: Settings;
  readonly help: boolean;
  readonly version: boolean;
}

const NAMES = Object.keys(SETTINGS) as SettingName[];
const BY_FLAG = new Map<string, SettingName>(
  NAMES.flatMap((name) => flagsOf(SETTINGS[name]).map((flag) => [flag, name] as const)),
);
const ALONE = ['--help', '-h', '--version', '-v'];

/**
 * Reads a command line by the table of settings: `--flag=value`, `--flag value`, `-b value`, `--switch`, `--no-switch`.
 * @throws StartError OPTION_UNKNOWN, OPTION_INVALID
 */
export function readArguments(argv: readonly string[]): Arguments {
  const given: Partial<Record<SettingName, unknown>> = {};
  const positionals: string[] = [];
  const alone = new Set<string>();
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string;
    if (!word.startsWith('-') || word === '-') positionals.push(word);
    else if (ALONE.includes(word)) alone.add(word);
    else {
      const equals = word.indexOf('=');
      const flag = equals < 0 ? word : word.slice(0, equals);
      const name = BY_FLAG.get(flag) ?? unknownOption(flag);
      const setting: Setting = SETTINGS[name];
      if (setting.kind === 'switch')
        given[name] = read(setting, flag, equals < 0 ? 'yes' : word.slice(equals + 1)) !== flag.startsWith('--no-');
      else store(given, name, setting, flag, equals < 0 ? argv[++at] : word.slice(equals + 1));
    }
  }
  return {
    positionals,
    settings: { ...defaults(), ...given } as Settings,
    help: alone.has('--help') || alone.has('-h'),
    version: alone.has('--version') || alone.has('-v'),
  };
}

function store(
  given: Partial<Record<SettingName, unknown>>,
  name: SettingName,
  setting: Setting,
  flag: string,
  text: string | undefined,
): void {
  if (text === undefined)
    throw new StartError({ code: 'OPTION_INVALID', message: `${flag} has no value`, cure: `${flag}: ${setting.help}` });
  const value = read(setting, flag, text);
  given[name] = setting.kind === 'addresses' ? [...((given[name] as unknown[] | undefined) ?? []), value] : value;
}

function read(setting: Setting, flag: string, text: string): unknown {
  try {
    return parseValue(setting, text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new StartError({
      code: 'OPTION_INVALID',
      message: `${flag}: ${error.message}`,
      cure: `${flag}: ${setting.help}`,
    });
  }
}

function defaults(): Record<string, unknown> {
  return Object.fromEntries(
    NAMES.map((name) => {
      const setting: Setting = SETTINGS[name];
      const value = parseValue(setting, setting.default);
      return [name, setting.kind === 'addresses' ? [value] : value];
    }),
  );
}

function unknownOption(flag: string): never {
  const near = suggest(flag, [...BY_FLAG.keys(), ...ALONE]);
  throw new StartError({
    code: 'OPTION_UNKNOWN',
    message: `there is no option ${flag}`,
    cure:
      near === undefined
        ? 'stillhouse --help lists the options'
        : `did you mean ${near}? stillhouse --help lists the options`,
  });
}

function flagsOf(setting: Setting): string[] {
  const flags = [`--${setting.flag}`];
  if (setting.kind === 'switch') flags.push(`--no-${setting.flag}`);
  if (setting.short !== undefined) flags.push(`-${setting.short}`);
  return flags;
}
