import { dirname } from 'node:path';
import type { Pair, ParsedNode } from 'yaml';
import type { StartErrorCode } from '../errors.ts';
import { type Faults, type Given, type Layer, take } from './layer.ts';
import { fillPlaceholders, type LookUp, PlaceholderError } from './placeholders.ts';
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName } from './settings.ts';
import { suggest } from './suggest.ts';
import { readYaml, yamlParser } from './yaml.ts';

/** A configuration file, and what may stand in it. */
export interface FileSource {
  /** As messages name it. */
  readonly name: string;
  /** Absolute: paths in it are read against its folder. */
  readonly path: string;
  readonly text: string;
  readonly scope: 'server' | 'app';
}

type Pairs = readonly Pair<ParsedNode, ParsedNode | null>[];

/**
 * Settings from a YAML file, each with its line and column. What is wrong goes to `faults`, all of it.
 * @param lookUp the value of a placeholder's variable
 */
export function readFile(source: FileSource, lookUp: LookUp, faults: Faults): Layer {
  return new FileReader(source, lookUp, faults).read();
}

class FileReader {
  readonly #source: FileSource;
  readonly #lookUp: LookUp;
  readonly #faults: Faults;
  readonly #yaml = yamlParser();
  readonly #lines = new this.#yaml.LineCounter();
  readonly #layer = new Map<SettingName, Given>();
  readonly #names: ReadonlyMap<string, SettingName>;
  #resolve: (node: ParsedNode) => ParsedNode | undefined = (node) => node;

  constructor(source: FileSource, lookUp: LookUp, faults: Faults) {
    this.#source = source;
    this.#lookUp = lookUp;
    this.#faults = faults;
    const allowed = SETTING_NAMES.filter((name) => {
      const { scope }: Setting = SETTINGS[name];
      return scope === 'both' || scope === source.scope;
    });
    this.#names = new Map(allowed.map((name) => [SETTINGS[name].key, name]));
  }

  read(): Layer {
    const yaml = readYaml(this.#source.text, this.#lines);
    if ('message' in yaml) {
      this.#fault('CONFIG_YAML_INVALID', yaml.offset, yaml.message, yaml.cure);
      return this.#layer;
    }
    this.#resolve = yaml.resolve;
    const { root } = yaml;
    if (this.#yaml.isMap(root)) this.#readMap(root.items as Pairs, '');
    else if (root !== null && !isEmpty(root))
      this.#invalid(root.range[0], 'the file is not a mapping of settings', 'write `key: value` lines');
    return this.#layer;
  }

  #readMap(pairs: Pairs, prefix: string): void {
    for (const { key, value } of pairs) {
      const word = this.#key(key);
      if (word === undefined) continue;
      const path = prefix + word;
      const name = this.#names.get(path);
      const below = this.#keys().filter((known) => known.startsWith(`${path}.`));
      const node = value === null ? null : this.#node(value);
      if (node === undefined) continue;
      if (name !== undefined) this.#readSetting(name, key, node);
      else if (below[0] === undefined) this.#unknown(path, key);
      else if (this.#yaml.isMap(node)) this.#readMap(node.items as Pairs, `${path}.`);
      else if (node !== null && !isEmpty(node))
        this.#invalid(
          node.range[0],
          `${path} is a section, and has no value of its own`,
          `write its settings below it, such as ${below[0].slice(path.length + 1)}`,
        );
    }
  }

  #readSetting(name: SettingName, key: ParsedNode, node: ParsedNode | null): void {
    const setting: Setting = SETTINGS[name];
    const from = this.#place((node ?? key).range[0]);
    if (setting.kind === 'variables') return this.#readVariables(name, node, from);
    const text = this.#yaml.isSeq(node) && setting.kind === 'addresses' ? this.#list(node.items) : this.#text(node);
    if (text !== undefined)
      take(this.#layer, name, text, { from, directory: dirname(this.#source.path) }, this.#faults);
  }

  #list(items: readonly unknown[]): string | undefined {
    const texts = items.map((item) => this.#text(item as ParsedNode));
    if (!texts.every((text) => text !== undefined)) return undefined;
    return texts.length === 0 ? 'none' : texts.join(',');
  }

  #readVariables(name: SettingName, node: ParsedNode | null, from: string): void {
    const variables: Record<string, string> = {};
    this.#layer.set(name, { value: variables, from });
    if (node === null || isEmpty(node)) return;
    if (!this.#yaml.isMap(node))
      return this.#invalid(
        node.range[0],
        `${SETTINGS[name].key} is not a mapping of variables`,
        'write NAME: value lines below it',
      );
    for (const { key, value } of node.items as Pairs) {
      const variable = this.#key(key);
      const text = this.#text(value);
      if (variable === undefined || text === undefined) continue;
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable) || text.includes('\0'))
        this.#invalid(
          key.range[0],
          `${JSON.stringify(variable)} is no variable`,
          'its name is letters, digits and underscores, and its value has no NUL',
        );
      else if (variable.startsWith('STILLHOUSE_'))
        this.#invalid(
          key.range[0],
          `${variable}: names that begin with STILLHOUSE_ are the server’s`,
          'call it something else; settings of the app are keys of this file',
        );
      else variables[variable] = text;
    }
  }

  /** A value as it was written, placeholders filled; undefined where there is a fault. */
  #text(given: ParsedNode | null): string | undefined {
    if (given === null) return '';
    const node = this.#node(given);
    if (node === undefined) return undefined;
    if (!this.#yaml.isScalar(node)) {
      this.#invalid(node.range[0], 'a single value was expected here', 'write one value');
      return undefined;
    }
    const { value, source } = node;
    const written = value === null ? '' : typeof value === 'string' ? value : (source ?? String(value));
    try {
      return fillPlaceholders(written, this.#lookUp);
    } catch (error) {
      if (!(error instanceof PlaceholderError)) throw error;
      this.#fault('CONFIG_PLACEHOLDER_UNSET', node.range[0], error.message, error.cure);
      return undefined;
    }
  }

  #node(node: ParsedNode): ParsedNode | undefined {
    const found = this.#resolve(node);
    if (found === undefined)
      this.#fault(
        'CONFIG_YAML_INVALID',
        node.range[0],
        'no anchor has this name',
        'put the &anchor before its *alias, or quote a value that begins with *',
      );
    return found;
  }

  #key(key: ParsedNode): string | undefined {
    if (this.#yaml.isScalar(key) && key.value !== null)
      return typeof key.value === 'string' ? key.value : String(key.source);
    const offset = key?.range[0] ?? 0;
    this.#fault('CONFIG_KEY_UNKNOWN', offset, 'a key is a single word', 'write `key: value`');
    return undefined;
  }

  #keys(): string[] {
    return [...this.#names.keys()];
  }

  #unknown(path: string, key: ParsedNode): void {
    const isMerge = path.endsWith('<<');
    const belongs = SETTING_NAMES.some(
      (name) => SETTINGS[name].key === path || SETTINGS[name].key.startsWith(`${path}.`),
    );
    const where = this.#source.scope === 'app' ? 'stillhouse.yaml' : 'the app.yaml of an app';
    const sections = this.#keys().map((known) => known.replace(/\.?[^.]*$/, ''));
    const words = [...this.#keys(), ...new Set(sections)].filter((word) => word !== '');
    const near = suggest(path, words) ?? this.#keys().find((known) => known.endsWith(`.${path}`));
    const cure = isMerge
      ? 'write the settings out: merge keys have no meaning here'
      : belongs
        ? `it belongs in ${where}`
        : near === undefined
          ? 'docs/configuration.md lists the settings'
          : `did you mean ${near}?`;
    const message = `there is no setting ${path}${belongs ? ' in this file' : ''}`;
    this.#fault('CONFIG_KEY_UNKNOWN', key.range[0], message, cure);
  }

  #invalid(offset: number, message: string, cure: string): void {
    this.#fault('CONFIG_VALUE_INVALID', offset, message, cure);
  }

  #fault(code: StartErrorCode, offset: number, message: string, cure: string): void {
    this.#faults.push({ code, message: `${this.#place(offset)}: ${message}`, cure });
  }

  #place(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#source.name}:${line}:${col}`;
  }
}

/** `key:` with nothing behind it. */
function isEmpty(node: ParsedNode): boolean {
  return yamlParser().isScalar(node) && node.value === null;
}
