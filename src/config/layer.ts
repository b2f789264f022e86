/** Settings as one source gives them, and several sources laid over each other. Pure. */
import { resolve } from 'node:path';
import type { StartFailure } from '../errors.ts';
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName, type Settings } from './settings.ts';
import { parseList, parseValue, ValueError } from './values.ts';

/** A value, and where it came from: `default`, `stillhouse.yaml:3:9`, `environment STILLHOUSE_WORKERS`, `--workers`. */
export interface Given {
  readonly value: unknown;
  readonly from: string;
}

export type Layer = ReadonlyMap<SettingName, Given>;

/** The values that hold, and where each came from. */
export interface Resolved {
  readonly settings: Settings;
  readonly from: Readonly<Record<SettingName, string>>;
}

/** Faults of a configuration, collected so that they can be told together. */
export type Faults = StartFailure[];

/**
 * Every setting's default.
 * @param directory against which paths are read
 * @param inContainer whether the image's own defaults hold
 */
export function defaults(directory: string, inContainer = false): Layer {
  return new Map(
    SETTING_NAMES.map((name) => {
      const setting: Setting = SETTINGS[name];
      const text = (inContainer ? setting.inContainer : undefined) ?? setting.default;
      return [name, { value: defaultValue(setting, text, directory), from: 'default' }];
    }),
  );
}

function defaultValue(setting: Setting, text: string, directory: string): unknown {
  if (setting.kind === 'variables') return {};
  return text === '' ? '' : readValue(setting, text, directory);
}

/** Later layers win. The first holds every setting. */
export function overlay(...layers: readonly Layer[]): Resolved {
  const all = new Map(layers.flatMap((layer) => [...layer]));
  const values = [...all].map(([name, { value }]) => [name, value]);
  const from = [...all].map(([name, given]) => [name, given.from]);
  return {
    settings: Object.fromEntries(values) as Settings,
    from: Object.fromEntries(from) as Record<SettingName, string>,
  };
}

/**
 * The value of a text; paths and programs are made absolute against `directory`.
 * @throws ValueError
 */
export function readValue(setting: Setting, text: string, directory: string): unknown {
  if (text.includes('\0')) throw new ValueError('it holds a NUL');
  if (setting.kind === 'addresses') return parseList(setting, text);
  const value = parseValue(setting, text);
  if (setting.kind === 'path' && text !== '') return resolve(directory, text);
  if (setting.kind === 'program' && text.includes('/')) return resolve(directory, text);
  return value;
}

/** Takes a text from a variable or a file; a fault names its place. */
export function take(
  layer: Map<SettingName, Given>,
  name: SettingName,
  text: string,
  place: { readonly from: string; readonly directory: string },
  faults: Faults,
): void {
  const setting: Setting = SETTINGS[name];
  try {
    layer.set(name, { value: readValue(setting, text, place.directory), from: place.from });
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    faults.push({
      code: 'CONFIG_VALUE_INVALID',
      message: `${place.from}: ${setting.key}: ${error.message}`,
      cure: `${setting.key}: ${setting.help}`,
    });
  }
}
