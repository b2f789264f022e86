/**
 * The head of a request, from its bytes to its meaning, by RFC 9112 and without repair: what could be read in two ways is refused.
 * Pure: a string in (latin-1, without the final empty line), a head out, or a ClientError.
 */
import type { RequestHead } from '../wsgi/environ.ts';
import { isToken } from '../wsgi/headers.ts';
import type { Limits } from './limits.ts';
import { checkControls, checkCount, type Fields, isHost, readFields, refuse } from './request-fields.ts';

const CRLF = '\r\n';
const TARGET = /^[\x21\x22\x24-\x7e]+$/;
const ABSOLUTE = /^https?:\/\/([^/?]+)([^?]*)(?:\?(.*))?$/i;
const VERSION = /^HTTP\/[0-9]\.[0-9]$/;

export interface ParsedHead {
  readonly head: RequestHead;
  readonly fields: Fields;
}

/**
 * @param text the head without the CRLF that ends its last line, no larger than the limits
 * @param before the fields of the last head on this connection: where the same bytes come again, they are not read again
 * @throws ClientError
 */
export function parseHead(text: string, limits: Limits, before?: Fields): ParsedHead {
  const end = text.indexOf(CRLF);
  const line = end < 0 ? text : text.slice(0, end);
  const rest = end < 0 ? '' : text.slice(end + 2);
  const repeated = before?.text === rest;
  checkControls(repeated ? line : text);
  if (!repeated) checkCount(rest, limits);
  const { method, target, version } = parseRequestLine(line);
  const fields = repeated && before.version === version ? before : readFields(rest, version, limits);
  const { path, query, authority } = parseTarget(method, target);
  const { list, variables } = fields;
  return { head: { method, target, path, query, version, fields: list, variables, authority }, fields };
}

function parseRequestLine(line: string): Pick<RequestHead, 'method' | 'target' | 'version'> {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  if (first < 0 || second < 0 || line.includes(' ', second + 1)) refuse('REQUEST_LINE_INVALID');
  const method = line.slice(0, first);
  const target = line.slice(first + 1, second);
  const version = line.slice(second + 1);
  if (method !== 'GET' && !isToken(method)) refuse('METHOD_INVALID');
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') {
    refuse(VERSION.test(version) ? 'VERSION_UNSUPPORTED' : 'REQUEST_LINE_INVALID');
  }
  if (!TARGET.test(target)) refuse('TARGET_INVALID');
  return { method, target, version };
}

/** RFC 9112, 3.2: origin, absolute, asterisk; the authority form belongs to CONNECT alone. */
function parseTarget(method: string, target: string): Pick<RequestHead, 'path' | 'query' | 'authority'> {
  // RFC 9110, 9.3.6: with a port, which no scheme gives it.
  if (method === 'CONNECT')
    refuse(isHost(target) && /:[0-9]+$/.test(target) ? 'CONNECT_UNSUPPORTED' : 'TARGET_FORM_INVALID');
  if (target.startsWith('/')) {
    const mark = target.indexOf('?');
    if (mark < 0) return { path: target, query: '', authority: undefined };
    return { path: target.slice(0, mark), query: target.slice(mark + 1), authority: undefined };
  }
  if (target === '*') {
    if (method !== 'OPTIONS') refuse('TARGET_FORM_INVALID');
    return { path: target, query: '', authority: undefined };
  }
  const absolute = ABSOLUTE.exec(target);
  if (absolute === null) refuse('TARGET_FORM_INVALID');
  const [, authority = '', path = '', query = ''] = absolute;
  if (!isHost(authority)) refuse('HOST_INVALID');
  return { path: path === '' ? '/' : path, query, authority };
}
