import { StartError } from '../errors.ts';
import { type Given, type Layer, readValue } from './layer.ts';
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName } from './settings.ts';
import { suggest } from './suggest.ts';
import { ValueError } from './values.ts';

/** A command line, read. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly layer: Layer;
  readonly configFile: string | undefined;
  /** The process id of the server that is meant. */
  readonly server: number | undefined;
  /** Whether what is printed is for programs. */
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

const BY_FLAG = new Map<string, SettingName>(
  SETTING_NAMES.flatMap((name) => flagsOf(SETTINGS[name]).map((flag) => [flag, name] as const)),
);
const ALONE: readonly string[] = ['--help', '-h', '--version', '-v', '--json'];
const CONFIG = '--config';
const SERVER = '--server';
const SERVER_HELP = 'the process id of a server, where several have the app';

/**
 * Reads a command line by the table of settings: `--flag=value`, `--flag value`, `-b value`, `--switch`, `--no-switch`.
 * @param directory against which paths are read
 * @throws StartError OPTION_UNKNOWN, OPTION_INVALID
 */
export function readArguments(argv: readonly string[], directory: string): Arguments {
  const layer = new Map<SettingName, Given>();
  const positionals: string[] = [];
  const alone = new Set<string>();
  let configFile: string | undefined;
  let server: number | undefined;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string;
    if (!word.startsWith('-') || word === '-') {
      positionals.push(word);
      continue;
    }
    if (ALONE.includes(word)) {
      alone.add(word);
      continue;
    }
    const equals = word.indexOf('=');
    const flag = equals < 0 ? word : word.slice(0, equals);
    const name = BY_FLAG.get(flag);
    const isSwitch = name !== undefined && SETTINGS[name].kind === 'switch';
    const text = equals >= 0 ? word.slice(equals + 1) : isSwitch ? 'yes' : argv[++at];
    if (flag === CONFIG) configFile = needed(flag, text, 'the configuration file');
    else if (flag === SERVER) server = readPid(needed(flag, text, SERVER_HELP));
    else if (name === undefined) throw unknownOption(flag);
    else store(layer, name, flag, needed(flag, text, SETTINGS[name].help), directory);
  }
  const given = (...words: string[]) => words.some((word) => alone.has(word));
  const asked = { help: given('--help', '-h'), version: given('--version', '-v'), json: given('--json') };
  return { positionals, layer, configFile, server, ...asked };
}

function readPid(text: string): number {
  if (/^[1-9][0-9]{0,9}$/.test(text)) return Number(text);
  const message = `${SERVER}: ${JSON.stringify(text)} is not a process id`;
  throw new StartError({ code: 'OPTION_INVALID', message, cure: `${SERVER}: ${SERVER_HELP}` });
}

function store(layer: Map<SettingName, Given>, name: SettingName, flag: string, text: string, directory: string): void {
  const setting: Setting = SETTINGS[name];
  const value = read(setting, flag, text, directory);
  if (setting.kind === 'addresses') {
    const before = (layer.get(name)?.value as unknown[] | undefined) ?? [];
    layer.set(name, { value: [...before, ...(value as unknown[])], from: flag });
    return;
  }
  layer.set(name, { value: setting.kind === 'switch' ? value !== flag.startsWith('--no-') : value, from: flag });
}

function needed(flag: string, text: string | undefined, help: string): string {
  if (text === undefined)
    throw new StartError({ code: 'OPTION_INVALID', message: `${flag} has no value`, cure: `${flag}: ${help}` });
  return text;
}

function read(setting: Setting, flag: string, text: string, directory: string): unknown {
  try {
    return readValue(setting, text, directory);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new StartError({
      code: 'OPTION_INVALID',
      message: `${flag}: ${error.message}`,
      cure: `${flag}: ${setting.help}`,
    });
  }
}

function unknownOption(flag: string): StartError {
  const near = suggest(flag, [...BY_FLAG.keys(), ...ALONE, CONFIG, SERVER]);
  return new StartError({
    code: 'OPTION_UNKNOWN',
    message: `there is no option ${flag}`,
    cure:
      near === undefined
        ? 'stillhouse --help lists the options'
        : `did you mean ${near}? stillhouse --help lists the options`,
  });
}

function flagsOf(setting: Setting): string[] {
  if (setting.flag === undefined) return [];
  const flags = [`--${setting.flag}`];
  if (setting.kind === 'switch') flags.push(`--no-${setting.flag}`);
  if (setting.short !== undefined) flags.push(`-${setting.short}`);
  return flags;
}
