/** The fields of a request or of its trailers, and what they say of the body and the connection, by RFC 9112 and without repair. Pure. */
import { ClientError, type ClientErrorCode } from '../errors.ts';
import { type RequestHead, variablesOf } from '../wsgi/environ.ts';
import { fieldName } from '../wsgi/field-names.ts';
import { isToken } from '../wsgi/headers.ts';
import type { Limits } from './limits.ts';

/** How the body of a request is delimited (RFC 9112, 6.3), and what the head says of the connection. */
export interface Framing {
  /** Bytes of the body, or `'chunked'`. */
  readonly length: number | 'chunked';
  /** Whether the client is willing to send another request on this connection (RFC 9112, 9.3). */
  readonly keepAlive: boolean;
  /** Whether the client waits for 100 before it sends the body (RFC 9110, 10.1.1). */
  readonly expectsContinue: boolean;
}

/** The fields of one head, read. A client mostly repeats them on a connection, byte for byte, and so they are kept until the next. */
export interface Fields {
  /** As they came, without the CRLF of the last. */
  readonly text: string;
  readonly version: RequestHead['version'];
  /** Names and values in turn, as they came. */
  readonly list: readonly string[];
  /** Keys and values of the environ in turn. */
  readonly variables: readonly string[];
  readonly framing: Framing;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: refused wherever they stand (RFC 9110, 5.5; RFC 9112, 2.2)
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;
/** All but the CRLF between lines: in most heads nothing, which one look shows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const SUSPECT = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;
/** RFC 3986, 3.2.2 and 3.2.3: an address or a name, and a port. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::[0-9]{0,5})?$/;
const DIGITS = /^[0-9]+$/;

/**
 * The fields of a head.
 * @param text their lines, which `checkControls` has seen
 * @throws ClientError
 */
export function readFields(text: string, version: RequestHead['version'], limits: Limits): Fields {
  const list = text === '' ? [] : parseFields(text);
  return { text, version, list, variables: variablesOf(list), framing: readFraming(list, version, limits) };
}

/**
 * The fields of a trailer section, checked and counted as those of a head (RFC 9112, 7.1.2).
 * @throws ClientError
 */
export function parseTrailers(text: string, limits: Limits): string[] {
  if (text.length > limits.fieldBytes) refuse('FIELDS_TOO_LARGE');
  checkControls(text);
  checkCount(text, limits);
  return parseFields(text);
}

/**
 * Refuses control characters, and line ends that are not CRLF.
 * @throws ClientError
 */
export function checkControls(text: string): void {
  if (!SUSPECT.test(text)) return;
  for (const line of text.split('\r\n')) {
    if (CONTROL.test(line)) refuse(line.includes('\r') ? 'LINE_ENDING_INVALID' : 'CONTROL_CHARACTER');
  }
}

/** @throws ClientError */
export function checkCount(text: string, limits: Limits): void {
  let count = text === '' ? 0 : 1;
  for (let at = text.indexOf('\r\n'); at >= 0; at = text.indexOf('\r\n', at + 2)) count++;
  if (count > limits.fieldCount) refuse('TOO_MANY_FIELDS');
}

/** Whether `text` is a host with or without a port. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

function parseFields(text: string): string[] {
  const fields: string[] = [];
  for (const line of text.split('\r\n')) parseField(line, fields);
  return fields;
}

/** RFC 9112, 5: a name, a colon right behind it, a value between optional white space. */
function parseField(line: string, fields: string[]): void {
  if (line.startsWith(' ') || line.startsWith('\t')) refuse('FIELD_FOLDED');
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon));
  if (fieldName(name) === undefined) refuse('FIELD_NAME_INVALID');
  fields.push(name, withoutSpace(line, colon + 1));
}

/** The text from a place on, without the optional white space around it (RFC 9110, 5.6.3); `trim()` would take off more. */
function withoutSpace(text: string, start = 0): string {
  let from = start;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** The elements of a list, in lower case (RFC 9110, 5.6.1). */
function elements(list: string): string[] {
  return list
    .toLowerCase()
    .split(',')
    .map((element) => withoutSpace(element));
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The fields that decide where the body ends and whether the connection goes on, each allowed once. */
function readFraming(fields: readonly string[], version: RequestHead['version'], limits: Limits): Framing {
  let host: string | undefined;
  let length: string | undefined;
  let coding: string | undefined;
  let type: string | undefined;
  let expect: string | undefined;
  let connection = '';
  for (let at = 0; at < fields.length; at += 2) {
    const value = fields[at + 1] as string;
    switch (fieldName(fields[at] as string)?.lower) {
      case 'host':
        if (host !== undefined) refuse('HOST_REPEATED');
        host = value;
        break;
      case 'content-length':
        if (length !== undefined) refuse('CONTENT_LENGTH_REPEATED');
        length = value;
        break;
      case 'transfer-encoding':
        coding = coding === undefined ? value : `${coding}, ${value}`;
        break;
      case 'content-type':
        if (type !== undefined) refuse('CONTENT_TYPE_REPEATED');
        type = value;
        break;
      case 'connection':
        connection += `,${value}`;
        break;
      case 'expect':
        expect = expect === undefined ? value : `${expect}, ${value}`;
        break;
      default:
    }
  }
  if (host === undefined && version === 'HTTP/1.1') refuse('HOST_MISSING');
  // RFC 9112, 3.2: empty where the target has no authority. A port without a host is none.
  if (host !== undefined && host !== '' && !isHost(host)) refuse('HOST_INVALID');
  return {
    length: bodyLength(length, coding, version, limits),
    keepAlive: keepsAlive(connection, version),
    expectsContinue: expectsContinue(expect, version),
  };
}

function bodyLength(
  length: string | undefined,
  coding: string | undefined,
  version: RequestHead['version'],
  limits: Limits,
): number | 'chunked' {
  if (coding !== undefined) {
    if (version === 'HTTP/1.0') refuse('TRANSFER_CODING_IN_1_0');
    if (length !== undefined) refuse('LENGTH_AND_CODING');
    if (coding.toLowerCase() === 'chunked') return 'chunked';
    const names = elements(coding);
    // RFC 9112, 6.3: where "chunked" is not last, nobody knows where the body ends, and that is 400.
    const ends = names.every(isToken) && names.indexOf('chunked') === names.length - 1;
    refuse(ends ? 'TRANSFER_CODING_UNKNOWN' : 'TRANSFER_CODING_INVALID');
  }
  if (length === undefined) return 0;
  if (!DIGITS.test(length)) refuse('CONTENT_LENGTH_INVALID');
  const size = Number(length);
  if (size > limits.body) refuse('BODY_TOO_LARGE');
  return size;
}

function keepsAlive(connection: string, version: RequestHead['version']): boolean {
  if (connection === '') return version === 'HTTP/1.1';
  const options = elements(connection);
  if (options.includes('close')) return false;
  return version === 'HTTP/1.1' || options.includes('keep-alive');
}

/** RFC 9110, 10.1.1: from an HTTP/1.0 client the expectation is ignored. */
function expectsContinue(expect: string | undefined, version: RequestHead['version']): boolean {
  if (expect === undefined || version === 'HTTP/1.0') return false;
  if (expect.toLowerCase() !== '100-continue') refuse('EXPECTATION_UNKNOWN');
  return true;
}

export function refuse(code: ClientErrorCode): never {
  throw new ClientError(code);
}
