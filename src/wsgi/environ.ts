import { Buffer } from 'node:buffer';
import { ClientError } from '../errors.ts';
import { fieldName } from './field-names.ts';
import { fileWrapper } from './file-wrapper.ts';
import type { Input } from './input.ts';
import type { Environ, ErrorStream } from './types.ts';

/** The head of a request as it was read: strings whose characters are bytes (latin-1). */
export interface RequestHead {
  readonly method: string;
  /** As it came: origin, absolute or asterisk form (RFC 9112, 3.2). */
  readonly target: string;
  /** The target's path and query, undecoded. */
  readonly path: string;
  readonly query: string;
  readonly version: 'HTTP/1.0' | 'HTTP/1.1';
  /** Names and values in turn, as they came. */
  readonly fields: readonly string[];
  /** What `variablesOf` makes of them. */
  readonly variables: readonly string[];
  /** The authority of an absolute target, which overrides Host (RFC 9112, 3.2.2). */
  readonly authority: string | undefined;
}

/** What one connection adds to each of its requests. */
export interface Peer {
  readonly serverName: string;
  readonly serverPort: string;
  readonly scheme: 'http' | 'https';
  readonly remoteAddress: string;
  readonly remotePort: string;
  /** Whether the client has closed its side. */
  readonly gone: () => boolean;
}

/** What the server that calls the application says of itself. */
export interface Flags {
  readonly multithread: boolean;
  readonly multiprocess: boolean;
  readonly errors: ErrorStream;
}

const VERSION = [1, 0] as const;
const BEYOND_ASCII = /[\x80-\xff]/;

/**
 * Builds the environ of a request (PEP 3333, "environ Variables"; RFC 3875).
 * @throws ClientError PATH_ENCODING_INVALID, PATH_NUL, SCHEME_MISDIRECTED
 */
export function makeEnviron(head: RequestHead, peer: Peer, flags: Flags, input: Input): Environ {
  const environ: Environ = {
    REQUEST_METHOD: head.method,
    SCRIPT_NAME: '',
    PATH_INFO: decodePath(head.path),
    QUERY_STRING: head.query,
    SERVER_NAME: peer.serverName,
    SERVER_PORT: peer.serverPort,
    SERVER_PROTOCOL: head.version,
    REMOTE_ADDR: peer.remoteAddress,
    REMOTE_PORT: peer.remotePort,
    RAW_URI: head.target,
    'wsgi.version': VERSION,
    'wsgi.url_scheme': peer.scheme,
    'wsgi.input': input,
    'wsgi.errors': flags.errors,
    'wsgi.multithread': flags.multithread,
    'wsgi.multiprocess': flags.multiprocess,
    'wsgi.run_once': false,
    'wsgi.input_terminated': true,
    'wsgi.file_wrapper': fileWrapper,
    'stillhouse.client_gone': peer.gone,
  };
  const { variables } = head;
  for (let at = 0; at < variables.length; at += 2) environ[variables[at] as string] = variables[at + 1];
  if (head.authority !== undefined) {
    // RFC 9110, 7.4: whoever asks for https believes that nobody listens.
    if (peer.scheme === 'http' && /^https:/i.test(head.target)) throw new ClientError('SCHEME_MISDIRECTED');
    environ.HTTP_HOST = head.authority;
  }
  return environ;
}

/** RFC 3986, 2.1: decoded once, to bytes, and no further: `%2F` becomes a slash, and slashes are never collapsed. */
export function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  const decoded = path.replace(/%([0-9A-Fa-f]{2})?/g, (_, hex: string | undefined) => {
    if (hex === undefined) throw new ClientError('PATH_ENCODING_INVALID');
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  if (decoded.includes('\0')) throw new ClientError('PATH_NUL');
  return decoded;
}

/** Keys and values of the environ in turn, from names and values of fields; what is repeated stands once. */
export function variablesOf(fields: readonly string[]): string[] {
  const variables: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const key = fieldName(fields[at] as string)?.key;
    if (key === undefined) continue;
    const value = fields[at + 1] as string;
    const before = indexOfKey(variables, key);
    if (before < 0) variables.push(key, value);
    // RFC 9110, 5.3; RFC 6265, 5.4 for Cookie.
    else variables[before + 1] += `${key === 'HTTP_COOKIE' ? '; ' : ','}${value}`;
  }
  return variables;
}

function indexOfKey(variables: readonly string[], key: string): number {
  for (let at = 0; at < variables.length; at += 2) if (variables[at] === key) return at;
  return -1;
}

/** Text as the latin-1 string of its UTF-8 bytes: the form of every string in an environ (PEP 3333, "Unicode Issues"). */
export function toNative(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text of an environ's string, its bytes read as UTF-8. */
export function fromNative(value: string): string {
  if (!BEYOND_ASCII.test(value)) return value;
  return Buffer.from(value, 'latin1').toString('utf8');
}
