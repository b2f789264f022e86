import type { Request } from '../case.ts';

export type Framing = 'sized' | 'chunked';

/** The headers and bytes of a body in each framing. */
export const FRAMINGS: Readonly<Record<Framing, (body: string) => { header: string; body: string }>> = {
  sized: (body) => ({ header: `Content-Length: ${body.length}`, body }),
  chunked: (body) => ({ header: 'Transfer-Encoding: chunked', body: chunked(body, body.length > 1000 ? 9999 : 5) }),
};

/** A POST with a body. */
export function frame(framing: Framing, content: string, headers: readonly string[] = []): Request {
  const { header, body } = FRAMINGS[framing](content);
  return { method: 'POST', headers: [header, ...headers], body };
}

function chunked(body: string, size: number): string {
  const pieces: string[] = [];
  for (let at = 0; at < body.length; at += size) {
    const piece = body.slice(at, at + size);
    pieces.push(`${piece.length.toString(16)}\r\n${piece}\r\n`);
  }
  return `${pieces.join('')}0\r\n\r\n`;
}
