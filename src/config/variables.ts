import { resolve } from 'node:path';
import type { StartFailure } from '../errors.ts';
import { type Faults, type Given, type Layer, take } from './layer.ts';
import { readText } from './read-text.ts';
import { variableOf } from './setting.ts';
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName } from './settings.ts';
import { suggest } from './suggest.ts';

const PREFIX = 'STILLHOUSE_';
/** Not settings: the file's name, and whether the image's defaults hold. */
const OTHERS: ReadonlySet<string> = new Set(['STILLHOUSE_CONFIG', 'STILLHOUSE_CONTAINER']);
/** What Kubernetes and Docker links inject for a service whose name begins with ours, such as `stillhouse` or `stillhouse-admin`. */
const INJECTED = /^STILLHOUSE_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_\w+)?)$/;
const INJECTED_URL = /^STILLHOUSE_(?:\w+_)?PORT$/;

const BY_VARIABLE = new Map<string, SettingName>(
  SETTING_NAMES.flatMap((name) => {
    const variable = variableOf(SETTINGS[name]);
    return variable === undefined ? [] : [[variable, name] as const];
  }),
);
const FILES: ReadonlyMap<string, SettingName> = new Map(
  [...BY_VARIABLE]
    .filter(([, name]) => (SETTINGS[name] as Setting).secret)
    .map(([variable, name]) => [`${variable}_FILE`, name]),
);

/** Where variables come from: how messages name one, and against which folder its paths are read. */
export interface VariableSource {
  readonly placeOf: (variable: string) => string;
  readonly directory: string;
}

/**
 * Settings from variables: STILLHOUSE_SECTION_KEY, STILLHOUSE_…_FILE for secrets, PORT and WEB_CONCURRENCY as platforms give them. An unknown variable
 * with our prefix is a fault.
 */
export function readVariables(
  variables: Readonly<Record<string, string | undefined>>,
  { placeOf, directory }: VariableSource,
  faults: Faults,
): Layer {
  const layer = new Map<SettingName, Given>();
  const at = (variable: string) => ({ from: `${placeOf(variable)} ${variable}`, directory });
  const { PORT = '', WEB_CONCURRENCY = '' } = variables;
  if (PORT !== '') takePort(layer, PORT, at('PORT'), faults);
  if (WEB_CONCURRENCY !== '') take(layer, 'workers', WEB_CONCURRENCY, at('WEB_CONCURRENCY'), faults);
  for (const [variable, text] of Object.entries(variables)) {
    if (text === undefined || !variable.startsWith(PREFIX) || isOther(variable, text)) continue;
    const name = BY_VARIABLE.get(variable);
    const secret = FILES.get(variable);
    if (name !== undefined) take(layer, name, text, at(variable), faults);
    else if (secret === undefined) faults.push(unknownVariable(variable, at(variable).from));
    else if (variables[variableOf(SETTINGS[secret]) as string] === undefined)
      takeSecret(layer, secret, text, at(variable), faults);
    else faults.push(givenTwice(variable, at(variable).from));
  }
  return layer;
}

function isOther(variable: string, text: string): boolean {
  if (OTHERS.has(variable) || INJECTED.test(variable)) return true;
  return INJECTED_URL.test(variable) && /^(?:tcp|udp|sctp):\/\//.test(text);
}

type Place = Parameters<typeof take>[3];

/** A platform that names the port wants it open on every address. */
function takePort(layer: Map<SettingName, Given>, text: string, place: Place, faults: Faults): void {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65535) take(layer, 'bind', `0.0.0.0:${text}`, place, faults);
  else
    faults.push({
      code: 'CONFIG_VALUE_INVALID',
      message: `${place.from}: ${JSON.stringify(text)} is not a port`,
      cure: 'give a number from 0 to 65535, or STILLHOUSE_BIND=HOST:PORT',
    });
}

/** A secret from the file that its variable names; the line feed at its end is not part of it. */
function takeSecret(
  layer: Map<SettingName, Given>,
  name: SettingName,
  file: string,
  place: Place,
  faults: Faults,
): void {
  const path = resolve(place.directory, file);
  const text = readText(path, `${place.from}: ${path}`, faults);
  if (text !== undefined) take(layer, name, text.replace(/\r?\n$/, ''), place, faults);
}

function givenTwice(variable: string, from: string): StartFailure {
  const other = variable.replace(/_FILE$/, '');
  return {
    code: 'CONFIG_VALUE_INVALID',
    message: `${from}: ${other} is set too, and either could be meant`,
    cure: `remove ${other} or ${variable}`,
  };
}

/** What they all begin with says nothing of which was meant. */
function nearest(variable: string): string | undefined {
  const rest = (name: string) => name.slice(PREFIX.length);
  const near = suggest(rest(variable), [...BY_VARIABLE.keys()].map(rest));
  return near === undefined ? [...BY_VARIABLE.keys()].find((name) => name.startsWith(variable)) : PREFIX + near;
}

function unknownVariable(variable: string, from: string): StartFailure {
  const failure = (message: string, cure: string): StartFailure => ({
    code: 'CONFIG_VARIABLE_UNKNOWN',
    message: `${from}: ${message}`,
    cure,
  });
  const key = variable.slice(PREFIX.length).toLowerCase();
  const inFiles = SETTING_NAMES.map((name): Setting => SETTINGS[name]).some(
    (setting) => setting.key === key && variableOf(setting) === undefined,
  );
  if (inFiles) return failure(`${key} is a setting of one app`, `write ${key} in the app’s app.yaml`);
  const base = variable.replace(/_FILE$/, '');
  if (BY_VARIABLE.has(base)) return failure('only a secret can be given by a file', `set ${base} itself`);
  const near = variable === 'STILLHOUSE_PORT' ? 'STILLHOUSE_BIND or PORT' : nearest(variable);
  return failure(
    'there is no such setting',
    near === undefined ? 'remove it; docs/configuration.md lists the variables' : `did you mean ${near}?`,
  );
}
