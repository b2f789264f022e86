import { Buffer } from 'node:buffer';
import { statusText } from '../wsgi/status.ts';
import type { Body, Header, StartResponse } from '../wsgi/types.ts';

/** An answer of the server's own endpoints, before it is one. */
export interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: readonly Header[];
}

/** A line of text. */
export function text(code: number, body: string): Answer {
  return { code, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}

export function json(value: unknown): Answer {
  return { code: 200, type: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` };
}

/** Gives an answer as an application does. Nobody may keep it: it is of the moment. */
export function respond({ code, type, body, headers = [] }: Answer, startResponse: StartResponse): Body {
  startResponse(statusText(code), [
    ['Content-Type', type],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Cache-Control', 'no-store'],
    ['X-Content-Type-Options', 'nosniff'],
    ...headers,
  ]);
  return [body];
}
