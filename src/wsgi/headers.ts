import { AppError } from '../errors.ts';
import { remember } from './remember.ts';
import type { Header } from './types.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110, 5.5; PEP 3333, "The start_response() Callable": no control characters. A tab is white space (RFC 9110, 5.6.3). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const FORBIDDEN = /[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/;

/** All headers of a response together, as they stand on the wire: more than any client takes. */
const MOST_BYTES = 262_144;
/** `: ` and CRLF. */
const LINE_OVERHEAD = 4;

/** RFC 9110, 7.6.1; PEP 3333, "Other HTTP Features": the server's alone. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whether `text` is a token (RFC 9110, 5.6.2). */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether a response header belongs to the connection and not to the response. `name` in lower case. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name);
}

export type HeaderKind = 'plain' | 'length' | 'hop-by-hop';

/** What is known of a response header by its name. */
export interface HeaderName {
  readonly kind: HeaderKind;
  /** The last value that was found good: most come again. */
  checked: string | undefined;
}

/** Longer values are checked each time, so that little is kept. */
const MOST_REMEMBERED = 256;

/** What the name of a response header says, in any case; undefined where it is no token. */
export const headerName = remember<HeaderName>((name) => {
  if (!isToken(name)) return undefined;
  const lower = name.toLowerCase();
  return {
    kind: isHopByHop(lower) ? 'hop-by-hop' : lower === 'content-length' ? 'length' : 'plain',
    checked: undefined,
  };
});

/**
 * Checks what an application gave as headers.
 * @throws AppError naming the header and the cure
 */
export function checkHeaders(headers: unknown): asserts headers is Header[] {
  if (!Array.isArray(headers)) throw new AppError('APP_HEADERS_INVALID', `the headers are ${describe(headers)}`);
  let size = 0;
  for (const pair of headers as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new AppError('APP_HEADERS_INVALID', `a header is ${describe(pair)}, not a pair`);
    }
    const name: unknown = pair[0];
    const value: unknown = pair[1];
    if (typeof name !== 'string') throw new AppError('APP_HEADERS_INVALID', `a header name is ${describe(name)}`);
    const known = headerName(name);
    if (known === undefined) {
      throw new AppError('APP_HEADER_NAME_INVALID', `the header name ${JSON.stringify(name)} is not a token`);
    }
    if (typeof value !== 'string') {
      throw new AppError('APP_HEADERS_INVALID', `the value of the header ${name} is ${describe(value)}`, {
        cure: `give the value as a string, such as String(value)`,
      });
    }
    if (value !== known.checked && FORBIDDEN.test(value)) {
      throw new AppError(
        'APP_HEADER_VALUE_INVALID',
        `the value of the header ${name} holds a control character, or one beyond latin-1`,
      );
    }
    if (value.length <= MOST_REMEMBERED) known.checked = value;
    size += name.length + value.length + LINE_OVERHEAD;
    if (size > MOST_BYTES) {
      const cure = 'send less in the headers, and the rest in the body';
      throw new AppError('APP_HEADERS_INVALID', `the headers are larger than ${MOST_BYTES} bytes`, { cure });
    }
  }
}

/** Names a value's kind for an error, never its content. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'without a prototype'})`;
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}

/** Response headers as a mapping that keeps order and repetition and ignores case: the twin of `wsgiref.headers.Headers`. */
export class Headers {
  readonly #pairs: Header[];

  /** @param pairs changed in place, so that the same array can be handed to `startResponse` */
  constructor(pairs: Header[] = []) {
    checkHeaders(pairs);
    this.#pairs = pairs;
  }

  /** The first value of `name`, or undefined. */
  get(name: string): string | undefined {
    return this.#pairs.find(([key]) => sameName(key, name))?.[1];
  }

  /** All values of `name`, in their order. */
  getAll(name: string): string[] {
    return this.#pairs.filter(([key]) => sameName(key, name)).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Replaces every value of `name` by one. */
  set(name: string, value: string): this {
    this.delete(name);
    return this.add(name, value);
  }

  /** Sets `name` where it has no value yet, and gives the value that stands. */
  setDefault(name: string, value: string): string {
    const present = this.get(name);
    if (present === undefined) this.add(name, value);
    return present ?? value;
  }

  /**
   * Appends a header; parameters follow the value: `add('Content-Disposition', 'attachment', { filename: 'a.txt' })`.
   * An underscore in a parameter's name becomes a hyphen; a null parameter stands alone.
   */
  add(name: string, value: string, parameters: Record<string, string | null> = {}): this {
    const parts = [value];
    for (const [key, parameter] of Object.entries(parameters)) {
      const hyphened = key.replaceAll('_', '-');
      parts.push(parameter === null ? hyphened : `${hyphened}="${parameter.replace(/[\\"]/g, '\\$&')}"`);
    }
    const pair: Header = [name, parts.join('; ')];
    checkHeaders([pair]);
    this.#pairs.push(pair);
    return this;
  }

  delete(name: string): void {
    for (let at = this.#pairs.length - 1; at >= 0; at--) {
      if (sameName((this.#pairs[at] as Header)[0], name)) this.#pairs.splice(at, 1);
    }
  }

  /** The pairs themselves, for `startResponse`. */
  items(): Header[] {
    return this.#pairs;
  }

  [Symbol.iterator](): IterableIterator<Header> {
    return this.#pairs[Symbol.iterator]();
  }

  /** As they stand on the wire, with the empty line that ends them. */
  toString(): string {
    return `${this.#pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  }
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
