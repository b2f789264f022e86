/** wsgi.input, as the header X-Steps tells (PEP 3333, "Input and Error Streams"). */
import { createHash } from 'node:crypto';
import type { Environ, Input } from 'stillhouse';
import { type Apps, plain, record } from './common.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

/** One step, `METHOD` or `METHOD:SIZE`, and what it gave. */
async function run(stream: Input, step: string): Promise<unknown> {
  const [name, size] = step.split(':');
  const sizes = size === undefined ? [] : [Number(size)];
  if (name === 'skip') return skip(stream, Number(size));
  if (name === 'iterate') {
    const lines: string[] = [];
    for await (const line of stream) lines.push(text(line));
    return lines;
  }
  if (name === 'next') {
    const { done, value } = await stream[Symbol.asyncIterator]().next();
    return done ? '' : text(value as Uint8Array);
  }
  const given = await stream[name as 'read' | 'readline' | 'readlines'](...sizes);
  return Array.isArray(given) ? given.map(text) : text(given);
}

async function skip(stream: Input, size: number): Promise<number> {
  let skipped = 0;
  while (skipped < size) skipped += (await stream.read(Math.min(8192, size - skipped))).length;
  return skipped;
}

async function stepByStep(environ: Environ): Promise<unknown> {
  const seen: unknown[] = [];
  try {
    for (const step of (environ.HTTP_X_STEPS as string).split(',')) seen.push(await run(environ['wsgi.input'], step));
    return seen;
  } catch (error) {
    record(environ, 'raised');
    return (error as Error).name;
  }
}

/** Reads what Content-Length says, or to the end where there is none; in pieces. */
async function digest(environ: Environ): Promise<string> {
  const total = createHash('sha256');
  let size = 0;
  let left = environ.CONTENT_LENGTH === undefined ? Number.POSITIVE_INFINITY : Number(environ.CONTENT_LENGTH);
  while (left > 0) {
    const block = await environ['wsgi.input'].read(Math.min(left, 10_000));
    if (block.length === 0) break;
    total.update(block);
    size += block.length;
    left -= block.length;
  }
  record(environ, `read ${size}`);
  return `${size} ${total.digest('hex')}`;
}

export const INPUTS: Apps = {
  steps: async (environ, startResponse) => {
    record(environ, 'called');
    const seen = await stepByStep(environ);
    plain(startResponse);
    return [JSON.stringify({ seen, length: environ.CONTENT_LENGTH ?? '' })];
  },
  digest: async (environ, startResponse) => {
    record(environ, 'called');
    try {
      const given = await digest(environ);
      plain(startResponse);
      return [given];
    } catch (error) {
      record(environ, 'raised');
      throw error;
    }
  },
  types: async (environ, startResponse) => {
    const stream = environ['wsgi.input'];
    const given = [await stream.read(1), await stream.readline(), await stream.readline()];
    plain(startResponse);
    return [given.every((each) => each instanceof Uint8Array) ? 'bytes' : 'others'];
  },
  unread: (_, startResponse) => {
    plain(startResponse);
    return ['unread'];
  },
  'half-read': async (environ, startResponse) => {
    await environ['wsgi.input'].read(3);
    plain(startResponse);
    return ['half read'];
  },
  'answers-first': (environ, startResponse) => {
    async function* chunks() {
      plain(startResponse);
      yield 'got ';
      yield await environ['wsgi.input'].read(Number(environ.CONTENT_LENGTH));
    }
    return chunks();
  },
  echo: async (environ, startResponse) => {
    const body = await environ['wsgi.input'].read(Number(environ.CONTENT_LENGTH ?? 0));
    startResponse('200 OK', [
      ['Content-Type', 'application/octet-stream'],
      ['Content-Length', String(body.length)],
    ]);
    return [body];
  },
};
