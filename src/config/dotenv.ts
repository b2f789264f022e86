import { existsSync } from 'node:fs';
import { parse } from 'dotenv';
import type { Faults } from './layer.ts';
import { readText } from './read-text.ts';

/** The variables of a `.env` file, and the place of each. */
export interface Dotenv {
  readonly variables: Readonly<Record<string, string>>;
  /** As messages name it: `.env:3:1`. */
  readonly placeOf: (variable: string) => string;
}

/** What dotenv takes for one variable; what it takes for none it passes over without a word. */
const VARIABLE =
  /^[^\S\n]*(?:export[^\S\n]+)?([\w.-]+)(?:[^\S\n]*=|:\s+?)([^\S\n]*'(?:\\'|[^'])*'|[^\S\n]*"(?:\\"|[^"])*"|[^\S\n]*`(?:\\`|[^`])*`|[^#\n]*)[^\S\n]*(?:#.*)?$/gm;

const UNCLOSED = /^(['"`])(?!.*\1$)/s;

/**
 * Reads a `.env` file; without one there are no variables.
 * @param name as messages call it
 */
export function readDotenv(path: string, name: string, faults: Faults): Dotenv {
  const text = existsSync(path) ? readText(path, name, faults)?.replace(/\r\n?/g, '\n') : undefined;
  if (text === undefined) return { variables: {}, placeOf: () => name };
  const places = new Map<string, string>();
  const rest = text.replace(VARIABLE, (whole: string, variable: string, value: string, offset: number) => {
    if (UNCLOSED.test(value.trim())) return whole;
    const line = text.slice(0, offset).split('\n').length;
    places.set(variable, `${name}:${line}:${whole.indexOf(variable) + 1}`);
    return whole.replace(/[^\n]/g, '');
  });
  for (const [index, line] of rest.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    faults.push({
      code: 'CONFIG_VALUE_INVALID',
      message: `${name}:${index + 1}:${line.search(/\S/) + 1}: the line is not NAME=value`,
      cure: 'write NAME=value, close each quote, and begin comments with #',
    });
  }
  return { variables: parse(text), placeOf: (variable) => places.get(variable) ?? name };
}
