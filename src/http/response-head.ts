/** The head of a response on the wire, and how its body is delimited (RFC 9112, 6). Pure. */
import { isBodyless } from '../wsgi/start-response.ts';
import type { Head } from '../wsgi/types.ts';

/** What the response needs to know of its request. */
export interface Asked {
  readonly method: string;
  readonly version: 'HTTP/1.0' | 'HTTP/1.1';
  /** Whether the client would have the connection go on. */
  readonly keepAlive: boolean;
}

export interface Delimited {
  /** `none`: no body bytes go out; `length`: Content-Length; `close`: the end of the connection ends the body. */
  readonly body: 'none' | 'length' | 'chunked' | 'close';
  readonly keepAlive: boolean;
}

/**
 * RFC 9112, 6.3, in its order; an HTTP/1.0 client cannot read chunks.
 * @param closing whether the server closes the connection after this response
 */
export function delimit(head: Head, asked: Asked, closing: boolean): Delimited {
  const keepAlive = asked.keepAlive && !closing;
  if (isBodyless(asked.method, head.code)) return { body: 'none', keepAlive };
  if (head.length !== undefined) return { body: 'length', keepAlive };
  if (asked.version === 'HTTP/1.1') return { body: 'chunked', keepAlive };
  return { body: 'close', keepAlive: false };
}

/** The head's bytes as a latin-1 string. `date` is an IMF-fixdate (RFC 9110, 5.6.7), used where the application gave none. */
export function serializeHead(head: Head, asked: Asked, delimited: Delimited, date: string): string {
  let text = `HTTP/1.1 ${head.status}\r\n`;
  let dated = false;
  for (const [name, value] of head.headers) {
    text += `${name}: ${value}\r\n`;
    dated ||= name.length === 4 && name.toLowerCase() === 'date';
  }
  if (!dated) text += `Date: ${date}\r\n`;
  if (delimited.body === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
  if (!delimited.keepAlive) text += 'Connection: close\r\n';
  else if (asked.version === 'HTTP/1.0') text += 'Connection: keep-alive\r\n';
  return `${text}\r\n`;
}
