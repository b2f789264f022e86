/** What the name of a request field comes to: made once for each name, because clients use a few names in every request. */
export interface FieldName {
  readonly lower: string;
  /** The key in the environ; undefined: the field is dropped. */
  readonly key: string | undefined;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Names that are remembered; a client that invents more is served all the same. */
const MOST_NAMES = 1024;
const MOST_LENGTH = 64;
const names = new Map<string, FieldName>();

/** What a field's name comes to; undefined where it is no token (RFC 9110, 5.6.2). */
export function fieldName(name: string): FieldName | undefined {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (!TOKEN.test(name)) return undefined;
  const made = { lower: name.toLowerCase(), key: fieldKey(name) };
  if (names.size < MOST_NAMES && name.length <= MOST_LENGTH) names.set(name, made);
  return made;
}

/**
 * The `HTTP_*` key of a field name, or undefined where the field is dropped: `Proxy` (it would become HTTP_PROXY, CVE-2016-5385), and names
 * with an underscore, which would pass for the same name with a hyphen.
 */
export function fieldKey(name: string): string | undefined {
  if (name.includes('_')) return undefined;
  const upper = name.toUpperCase().replaceAll('-', '_');
  if (upper === 'PROXY') return undefined;
  return upper === 'CONTENT_TYPE' || upper === 'CONTENT_LENGTH' ? upper : `HTTP_${upper}`;
}
