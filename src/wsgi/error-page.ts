import { Buffer } from 'node:buffer';
import { isRequestId } from './request-id.ts';
import { statusText } from './status.ts';
import type { Body, Environ, Header, StartResponse } from './types.ts';

/** The plain page of a server's own answer: what, why, and the request id to look for in the log. Nothing of the inside. */
export function errorPage(code: number, why: string, id?: string): { headers: Header[]; body: Uint8Array } {
  const lines = [statusText(code), ...(why === '' ? [] : [why]), ...(id === undefined ? [] : [`request id: ${id}`])];
  const body = Buffer.from(`${lines.join('\n')}\n`, 'utf8');
  const headers: Header[] = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
  ];
  return { headers, body };
}

/** Answers with it, in place of an application. @param extra headers */
export function respondPage(
  environ: Environ,
  startResponse: StartResponse,
  code: number,
  why: string,
  extra: readonly Header[] = [],
): Body {
  const id = environ.HTTP_X_REQUEST_ID;
  const { headers, body } = errorPage(code, why, isRequestId(id) ? id : undefined);
  startResponse(statusText(code), [...headers, ...extra]);
  return [body];
}
