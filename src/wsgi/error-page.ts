import { Buffer } from 'node:buffer';
import { statusText } from './status.ts';
import type { Header } from './types.ts';

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
