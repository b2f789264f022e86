import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { type Dotenv, readDotenv } from './dotenv.ts';
import { type FileSource, readFile } from './file.ts';
import { defaults, type Faults, type Given, type Layer, overlay, type Resolved } from './layer.ts';
import { type LookUp, PlaceholderError } from './placeholders.ts';
import { readText } from './read-text.ts';
import type { SettingName } from './settings.ts';
import { readVariables } from './variables.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Where a configuration is looked for, and what the caller gave. */
export interface Request {
  /** The caller's folder. */
  readonly directory: string;
  readonly env: Variables;
  /** From the command line. */
  readonly flags: Layer;
  readonly configFile: string | undefined;
  /** Whether the usual places are searched for a file, and defaults are those of `serve`. */
  readonly whole: boolean;
}

/** The settings of one app, the variables that its workers get, and what is wrong with either. */
export interface AppConfig {
  readonly resolved: Resolved;
  readonly environment: Readonly<Record<string, string>>;
  /** Where they were written. */
  readonly environmentFrom: string;
  readonly faults: Faults;
}

/** A configuration, read: all its sources, laid over each other for the server or for one app. */
export class Config {
  /** The file that was read, absolute. */
  readonly file: string | undefined;
  /** All that were read, or would be if they were there, absolute. */
  readonly files: readonly string[];
  /** As messages name it. */
  readonly fileName: string | undefined;
  readonly faults: Faults = [];
  readonly server: Resolved;
  /** What the caller gave. */
  readonly directory: string;
  readonly env: Variables;
  readonly #dotenv: Dotenv;
  readonly #lower: readonly Layer[];
  readonly #upper: readonly Layer[];

  constructor(request: Request) {
    const { directory, env, flags } = request;
    this.directory = directory;
    this.env = env;
    this.#dotenv = readDotenv(join(directory, '.env'), '.env', this.faults);
    const { variables, placeOf } = this.#dotenv;
    const all = { ...variables, ...env };
    this.file = findFile(request, all.STILLHOUSE_CONFIG, this.faults);
    this.files = [join(directory, '.env'), ...(this.file === undefined ? [] : [this.file])];
    this.fileName = this.file === undefined ? undefined : this.#nameOf(this.file);
    const source = this.file === undefined ? undefined : this.#read(this.file, 'server', this.faults);
    this.#lower = [
      baseOf(request, isYes(all.STILLHOUSE_CONTAINER)),
      ...(source === undefined ? [] : [readFile(source, (name) => all[name], this.faults)]),
    ];
    this.#upper = [
      readVariables(variables, { placeOf, directory }, this.faults),
      readVariables(env, { placeOf: () => 'environment', directory }, this.faults),
      flags,
    ];
    this.server = overlay(...this.#lower, ...this.#upper);
    this.faults.push(...contradictions(this.server));
  }

  /**
   * The settings of one app: what its app.yaml says stands over the server's file, and under variables and flags.
   * @param directory the app's folder, its working directory where nothing else is said
   * @param ownFile whether its app.yaml is read
   */
  forApp(directory: string, ownFile = true): AppConfig {
    const faults: Faults = [];
    const own = new Map<SettingName, Given>([['workingDirectory', { value: directory, from: 'default' }]]);
    const dotenv = this.#appDotenv(directory, faults);
    const path = ownFile ? this.#appFile(directory, faults) : undefined;
    const source = path === undefined ? undefined : this.#read(path, 'app', faults);
    const layer = source === undefined ? new Map() : readFile(source, this.#appLookUp(dotenv), faults);
    const resolved = overlay(...this.#lower, own, layer, ...this.#upper);
    if (contradictions(this.server).length === 0) faults.push(...contradictions(resolved));
    const environment = { ...dotenv, ...resolved.settings.environment };
    const places = Object.keys(dotenv).length === 0 ? [] : [this.#nameOf(join(directory, '.env'))];
    const named = resolved.from.environment;
    const environmentFrom = named === 'default' ? (places[0] ?? named) : [...places, named].join(', ');
    return { resolved, environment, environmentFrom, faults };
  }

  /** A `.env` that is also the server's is for both: the server's own settings are not the app's. */
  #appDotenv(directory: string, faults: Faults): Readonly<Record<string, string>> {
    const path = join(directory, '.env');
    const isShared = directory === this.directory;
    const { variables, placeOf } = isShared ? this.#dotenv : readDotenv(path, this.#nameOf(path), faults);
    const [ours = [], theirs = []] = [true, false].map((are) =>
      Object.entries(variables).filter(([name]) => name.startsWith('STILLHOUSE_') === are),
    );
    for (const [name] of isShared ? [] : ours) {
      faults.push({
        code: 'CONFIG_VARIABLE_UNKNOWN',
        message: `${placeOf(name)} ${name}: the .env of an app holds variables for its workers, and no settings`,
        cure: 'write the setting into its app.yaml',
      });
    }
    return Object.fromEntries(theirs);
  }

  /** Whoever writes an app.yaml is not told the server's own settings, of which some are secret. */
  #appLookUp(own: Variables): LookUp {
    const all: Variables = { ...this.#dotenv.variables, ...own, ...this.env };
    return (name) => {
      if (name.startsWith('STILLHOUSE_'))
        throw new PlaceholderError(`${name} is the server’s, and not for an app`, 'name a variable of your own');
      return all[name];
    };
  }

  #appFile(directory: string, faults: Faults): string | undefined {
    const [first, second] = ['app.yaml', 'app.yml'].map((name) => join(directory, name)).filter(existsSync);
    if (first !== undefined && second !== undefined) {
      faults.push({
        code: 'CONFIG_UNREADABLE',
        message: `there are both ${this.#nameOf(first)} and ${this.#nameOf(second)}`,
        cure: 'keep one of them',
      });
    }
    return first;
  }

  #read(path: string, scope: FileSource['scope'], faults: Faults): FileSource | undefined {
    const name = this.#nameOf(path);
    const text = readText(path, name, faults);
    return text === undefined ? undefined : { name, path, text, scope };
  }

  #nameOf(path: string): string {
    const near = relative(this.directory, path);
    return near.startsWith('..') || isAbsolute(near) ? path : near;
  }
}

/** Settings of which each is right, and which cannot hold together. */
function contradictions({ settings, from }: Resolved): Faults {
  const { minWorkers, maxWorkers } = settings;
  if (maxWorkers === 0 || minWorkers <= maxWorkers) return [];
  return [
    {
      code: 'CONFIG_VALUE_INVALID',
      message: `${from.minWorkers}: min_workers: ${minWorkers} is more than max_workers, ${maxWorkers} (${from.maxWorkers})`,
      cure: 'give max_workers the larger number; 0 keeps the number of workers as it is',
    },
  ];
}

/** One application on the command line opens no admin listener unless asked; in a container the health check asks there. */
function baseOf({ directory, whole }: Request, inContainer: boolean): Layer {
  const base = defaults(directory, inContainer);
  return whole || inContainer ? base : new Map([...base, ['adminBind', { value: [], from: 'default' }]]);
}

function isYes(text: string | undefined): boolean {
  return text !== undefined && !['', '0', 'no', 'false', 'off'].includes(text);
}

/** The first of --config, $STILLHOUSE_CONFIG, and the usual places. */
function findFile(
  { directory, configFile, whole }: Request,
  variable: string | undefined,
  faults: Faults,
): string | undefined {
  const named = configFile ?? variable;
  if (named !== undefined && named !== '') {
    const path = resolve(directory, named);
    if (existsSync(path)) return path;
    const by = configFile === undefined ? 'STILLHOUSE_CONFIG' : '--config';
    faults.push({
      code: 'CONFIG_UNREADABLE',
      message: `${by}: there is no file ${path}`,
      cure: `name a file that exists; a relative path is read against ${directory}`,
    });
    return undefined;
  }
  return whole ? findUsual(directory, faults) : undefined;
}

function findUsual(directory: string, faults: Faults): string | undefined {
  const folders = [directory, join(directory, 'config'), '/etc/stillhouse'];
  const found = folders.map((folder) => join(folder, 'stillhouse.yaml')).find(existsSync);
  const mistyped = folders.map((folder) => join(folder, 'stillhouse.yml')).find(existsSync);
  if (found === undefined && mistyped !== undefined) {
    faults.push({
      code: 'CONFIG_UNREADABLE',
      message: `${mistyped} is not read: the configuration is called stillhouse.yaml`,
      cure: `rename it, or name it: --config=${mistyped}`,
    });
  }
  return found;
}
