/** POST reads the body to its end and answers its length; GET /?size=N streams N bytes in chunks of 64 KB. */
import type { Application, Input } from '../../../src/index.ts';

const CHUNK = Buffer.alloc(65536, 'x');

export const application: Application = async (environ, startResponse) => {
  if (environ.REQUEST_METHOD === 'POST') {
    const answer = String(await readToEnd(environ['wsgi.input']));
    startResponse('200 OK', [
      ['Content-Type', 'text/plain'],
      ['Content-Length', String(answer.length)],
    ]);
    return [answer];
  }
  const size = Number(new URLSearchParams(environ.QUERY_STRING).get('size') ?? 5);
  startResponse('200 OK', [
    ['Content-Type', 'application/octet-stream'],
    ['Content-Length', String(size)],
  ]);
  return chunks(size);
};

async function readToEnd(body: Input): Promise<number> {
  let length = 0;
  for (let chunk = await body.read(CHUNK.length); chunk.length > 0; chunk = await body.read(CHUNK.length))
    length += chunk.length;
  return length;
}

function* chunks(size: number): Generator<Uint8Array> {
  for (let left = size; left > 0; left -= CHUNK.length) yield left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
}
