/** As much of JSON Schema (draft 2020-12) as the generated schemas use. A keyword that is not known here is an error, so that nothing passes unread. */
import assert from 'node:assert/strict';

type Schema = Readonly<Record<string, unknown>>;

const WITHOUT_FORCE: ReadonlySet<string> = new Set(['$schema', 'title', 'description', 'default']);

/** Where a value breaks a schema: paths such as `/http/keep_alive`; none where it is valid. */
export function breaches(schema: Schema, value: unknown, path = ''): string[] {
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    if (WITHOUT_FORCE.has(keyword)) return [];
    const judge = KEYWORDS[keyword];
    assert(judge !== undefined, `the keyword ${keyword} is not known`);
    return judge(rule as never, value, path, schema);
  });
}

type Judge = (rule: never, value: unknown, path: string, schema: Schema) => string[];

const whole = (isValid: boolean, path: string) => (isValid ? [] : [path === '' ? '/' : path]);

const KEYWORDS: Readonly<Record<string, Judge>> = {
  type: (rule: string | string[], value, path) =>
    whole(
      [rule].flat().some((type) => isOf(type, value)),
      path,
    ),
  enum: (rule: unknown[], value, path) => whole(rule.includes(value), path),
  const: (rule: unknown, value, path) => whole(rule === value, path),
  anyOf: (rule: Schema[], value, path) =>
    whole(
      rule.some((each) => breaches(each, value).length === 0),
      path,
    ),
  pattern: (rule: string, value, path) => whole(typeof value !== 'string' || new RegExp(rule, 'u').test(value), path),
  minimum: (rule: number, value, path) => whole(typeof value !== 'number' || value >= rule, path),
  maximum: (rule: number, value, path) => whole(typeof value !== 'number' || value <= rule, path),
  minItems: (rule: number, value, path) => whole(!Array.isArray(value) || value.length >= rule, path),
  items: (rule: Schema, value, path) =>
    Array.isArray(value) ? value.flatMap((item, index) => breaches(rule, item, `${path}/${index}`)) : [],
  properties: (rule: Readonly<Record<string, Schema>>, value, path) =>
    entries(value).flatMap(([key, item]) => (key in rule ? breaches(rule[key] as Schema, item, `${path}/${key}`) : [])),
  additionalProperties: (rule: Schema | false, value, path, { properties = {} }) =>
    entries(value)
      .filter(([key]) => !(key in (properties as object)))
      .flatMap(([key, item]) => (rule === false ? [`${path}/${key}`] : breaches(rule, item, `${path}/${key}`))),
  propertyNames: (rule: Schema, value, path) =>
    entries(value).flatMap(([key]) => breaches(rule, key, `${path}/${key}`)),
};

function entries(value: unknown): [string, unknown][] {
  return isOf('object', value) ? Object.entries(value as object) : [];
}

function isOf(type: string, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'array') return Array.isArray(value);
  return typeof value === type;
}
