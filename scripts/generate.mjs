// `npm run generate`: what is made from the table of settings (src/config/settings.ts): the tables in docs/configuration.md, and the JSON schemas with
// which an editor checks stillhouse.yaml and app.yaml. A test compares them with what stands there.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { variableOf } from '../src/config/setting.ts';
import { SETTINGS } from '../src/config/settings.ts';
import { makeSchema } from './make-schema.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const REFERENCE = 'docs/configuration.md';
const TABLE = /(<!-- table: (server|both|app) -->\n)[\s\S]*?(<!-- end -->)/g;

/**
 * @returns {Map<string, string>} each generated file, by its path from the repository's root
 */
export function generate() {
  const reference = readFileSync(join(root, REFERENCE), 'utf8');
  return new Map([
    [REFERENCE, reference.replace(TABLE, (_, begin, scope, end) => `${begin}${tableOf(scope)}${end}`)],
    ['config/stillhouse.schema.json', print(makeSchema('server'))],
    ['config/app.schema.json', print(makeSchema('app'))],
  ]);
}

function tableOf(scope) {
  const hasVariables = scope !== 'app';
  const settings = Object.values(SETTINGS).filter((setting) => setting.scope === scope);
  const head = ['key', 'flag', ...(hasVariables ? ['variable'] : []), 'default', 'meaning'];
  const rows = settings.map((setting) => [
    `\`${setting.key}\``,
    flagOf(setting),
    ...(hasVariables ? [variablesOf(setting)] : []),
    defaultOf(setting),
    meaningOf(setting),
  ]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function flagOf({ flag, short, kind }) {
  if (flag === undefined) return '';
  const long = kind === 'switch' ? `\`--${flag}\`, \`--no-${flag}\`` : `\`--${flag}\``;
  return short === undefined ? long : `${long}, \`-${short}\``;
}

function variablesOf(setting) {
  const variable = variableOf(setting);
  return setting.secret ? `\`${variable}\`, \`${variable}_FILE\`` : `\`${variable}\``;
}

function defaultOf({ default: text, inContainer }) {
  const own = text === '' ? '' : `\`${text}\``;
  if (inContainer === undefined) return own;
  return own === '' ? `in the image \`${inContainer}\`` : `${own}; in the image \`${inContainer}\``;
}

function meaningOf({ help, choices, least, most, kind }) {
  const isNumber = ['count', 'processes', 'seconds', 'bytes'].includes(kind);
  const bounds = [
    ...(isNumber && least > 0 ? [`at least ${least}`] : []),
    ...(isNumber && most !== undefined ? [`at most ${most}`] : []),
  ];
  const among = choices === undefined ? '' : `: ${choices.map((choice) => `\`${choice}\``).join(', ')}`;
  const all = `${help}${among}${bounds.length === 0 ? '' : `; ${bounds.join(', ')}`}`;
  return all.replaceAll('|', '\\|');
}

/** As the formatter has it: a list of single values on one line. */
function print(schema) {
  const lines = JSON.stringify(schema, null, 2);
  const list = /\[\n\s+((?:"[^"\n]*"|[0-9]+)(?:,\n\s+(?:"[^"\n]*"|[0-9]+))*)\n\s+\]/g;
  return `${lines.replace(list, (_, items) => `[${items.replace(/,\n\s+/g, ', ')}]`)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of generate()) writeFileSync(join(root, file), text);
}
