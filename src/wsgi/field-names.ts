import { isToken } from './headers.ts';
import { remember } from './remember.ts';

/** What the name of a request field comes to: made once for each name, because clients use a few names in every request. */
export interface FieldName {
  readonly lower: string;
  /** The key in the environ; undefined: the field is dropped. */
  readonly key: string | undefined;
}

/** What a field's name comes to; undefined where it is no token (RFC 9110, 5.6.2). */
export const fieldName = remember<FieldName>((name) =>
  isToken(name) ? { lower: name.toLowerCase(), key: fieldKey(name) } : undefined,
);

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
