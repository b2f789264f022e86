// The JSON schema (draft 2020-12) of stillhouse.yaml or app.yaml, from the table of settings.
import { SETTINGS } from '../src/config/settings.ts';

const PLACEHOLDER = { type: 'string', pattern: '\\$\\{' };
const ADDRESS = { type: 'string', pattern: '^(\\[[0-9A-Fa-f:.]+(%[\\w.-]+)?\\]|[^:\\[\\]]*):[0-9]{1,5}$' };

/**
 * @param {'server' | 'app'} scope
 * @returns {object} the schema
 */
export function makeSchema(scope) {
  const isApp = scope === 'app';
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: isApp ? 'app.yaml: one application of Stillhouse' : 'stillhouse.yaml: the configuration of Stillhouse',
    type: ['object', 'null'],
    additionalProperties: false,
    properties: {},
  };
  for (const setting of Object.values(SETTINGS)) {
    if (setting.scope !== 'both' && setting.scope !== scope) continue;
    const words = setting.key.split('.');
    const name = words.pop();
    let section = schema;
    for (const word of words) {
      section.properties[word] ??= { type: ['object', 'null'], additionalProperties: false, properties: {} };
      section = section.properties[word];
    }
    section.properties[name] = { description: setting.help, ...formOf(setting), ...defaultOf(setting) };
  }
  return schema;
}

/** Every value may hold placeholders, which are filled when the file is read. */
function formOf(setting) {
  const { least = 0, most } = setting;
  const bounds = { minimum: least, ...(most === undefined ? {} : { maximum: most }) };
  switch (setting.kind) {
    case 'count':
      return { anyOf: [{ type: 'integer', ...bounds }, PLACEHOLDER] };
    case 'processes':
      return { anyOf: [{ type: 'integer', ...bounds }, { const: 'auto' }, PLACEHOLDER] };
    case 'mask':
      return { anyOf: [text('^(0o)?[0-7]{1,4}$'), { type: 'integer', minimum: 0 }, PLACEHOLDER] };
    case 'seconds':
      return {
        anyOf: [{ type: 'number', ...bounds }, text('^[0-9]+(\\.[0-9]+)?\\s*([mM]?[sS]|[mMhH])$'), PLACEHOLDER],
      };
    case 'bytes':
      return {
        anyOf: [{ type: 'integer', ...bounds }, text('^[0-9]+(\\.[0-9]+)?\\s*[kKmMgG][iI]?[bB]$'), PLACEHOLDER],
      };
    case 'switch':
      return { anyOf: [{ type: 'boolean' }, { enum: ['yes', 'no', 'on', 'off', 0, 1] }, PLACEHOLDER] };
    case 'choice':
      return { anyOf: [{ enum: setting.choices }, PLACEHOLDER] };
    case 'addresses':
      return addressesOf(least);
    case 'mount':
      return { anyOf: [text('^/([^%?#\\s]*)$'), PLACEHOLDER] };
    case 'target':
      return { anyOf: [text('^(/[^#\\s]*)?$'), PLACEHOLDER] };
    case 'variables':
      return {
        type: ['object', 'null'],
        propertyNames: { pattern: '^(?!STILLHOUSE_)[A-Za-z_][A-Za-z0-9_]*$' },
        additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
      };
    default:
      return { type: ['string', 'number'] };
  }
}

function addressesOf(least) {
  const one = { anyOf: [ADDRESS, PLACEHOLDER] };
  const list = { type: 'array', items: one, ...(least > 0 ? { minItems: least } : {}) };
  return { anyOf: [ADDRESS, PLACEHOLDER, ...(least > 0 ? [] : [{ const: 'none' }]), list] };
}

function text(pattern) {
  return { type: 'string', pattern };
}

function defaultOf({ kind, default: value }) {
  if (value === '') return {};
  if (kind === 'switch') return { default: value === 'yes' };
  return { default: /^[0-9]+$/.test(value) ? Number(value) : value };
}
